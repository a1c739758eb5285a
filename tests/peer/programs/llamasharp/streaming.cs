#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using LLama;
using LLama.Common;

var parameters = new ModelParams(args[0]);
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
var executor = new StatelessExecutor(weights, parameters) { ApplyTemplate = true };
await foreach (string text in executor.InferAsync("Why is the sky blue?", new InferenceParams { MaxTokens = 32 }))
{
    Console.Write(text);
}
