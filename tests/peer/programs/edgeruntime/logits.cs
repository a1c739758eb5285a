#:project ../../../../src/EdgeRuntime
using System.Numerics.Tensors;
using EdgeRuntime;

using LanguageModel model = LanguageModel.Load(args[0]);
using ModelSession session = model.CreateSession();
int[] tokens = model.Tokenizer.Encode("The capital of France is");
for (int i = 0; i < 8; i++)
{
    ReadOnlySpan<float> logits = session.Forward(tokens);
    int best = TensorPrimitives.IndexOfMax(logits);
    Console.Write(model.Tokenizer.Decode([best]));
    tokens = [best];
}
