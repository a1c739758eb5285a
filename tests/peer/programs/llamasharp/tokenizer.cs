#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using System.Text;
using LLama;
using LLama.Common;
using LLama.Native;

using LLamaWeights weights = LLamaWeights.LoadFromFile(new ModelParams(args[0]) { VocabOnly = true });
LLamaToken[] tokens = weights.Tokenize("Hello, world", true, false, Encoding.UTF8);
Console.WriteLine(tokens.Length);
var decoder = new StreamingTokenDecoder(Encoding.UTF8, weights);
foreach (LLamaToken token in tokens)
{
    decoder.Add(token);
    Console.WriteLine($"{(int)token} '{decoder.Read()}'");
}
