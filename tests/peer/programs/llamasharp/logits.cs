#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
#:package System.Numerics.Tensors@10.0.13
using System.Numerics.Tensors;
using LLama;
using LLama.Common;
using LLama.Native;

var parameters = new ModelParams(args[0]);
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
using LLamaContext context = weights.CreateContext(parameters);
var decoder = new StreamingTokenDecoder(context);
var batch = new LLamaBatch();
LLamaToken[] tokens = context.Tokenize("The capital of France is");
for (int i = 0, position = 0; i < 8; i++)
{
    batch.Clear();
    int last = batch.AddRange(tokens, position, LLamaSeqId.Zero, true);
    position += tokens.Length;
    if (context.Decode(batch) != DecodeResult.Ok)
    {
        throw new InvalidOperationException("llama_decode failed");
    }

    int best = TensorPrimitives.IndexOfMax<float>(context.NativeHandle.GetLogitsIth(last));
    decoder.Add(best);
    Console.Write(decoder.Read());
    tokens = [best];
}
