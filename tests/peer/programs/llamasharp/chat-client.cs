#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
#:package Microsoft.Extensions.AI.Abstractions@10.11.0
using LLama;
using LLama.Abstractions;
using LLama.Common;
using LLama.Transformers;
using Microsoft.Extensions.AI;

var parameters = new ModelParams(args[0]);
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
var executor = new StatelessExecutor(weights, parameters);
using IChatClient client = executor.AsChatClient(new PromptTemplateTransformer(weights, withAssistant: true));
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Name a colour.", new() { MaxOutputTokens = 16 }))
{
    Console.Write(update.Text);
}
