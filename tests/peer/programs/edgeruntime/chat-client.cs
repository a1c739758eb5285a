#:project ../../../../src/EdgeRuntime
#:project ../../../../src/EdgeRuntime.Extensions.AI
using EdgeRuntime;
using Microsoft.Extensions.AI;

using LanguageModel model = LanguageModel.Load(args[0]);
using IChatClient client = model.AsChatClient();
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Name a colour.", new() { MaxOutputTokens = 16 }))
{
    Console.Write(update.Text);
}
