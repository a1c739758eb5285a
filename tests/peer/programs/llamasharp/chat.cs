#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using LLama;
using LLama.Common;
using LLama.Transformers;

var parameters = new ModelParams(args[0]);
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
using LLamaContext context = weights.CreateContext(parameters);
var history = new ChatHistory();
history.AddMessage(AuthorRole.System, "You are a friendly assistant.");
history.AddMessage(AuthorRole.User, "My name is Ada.");
history.AddMessage(AuthorRole.Assistant, "Hello Ada!");
ChatSession chat = await ChatSession.InitializeSessionFromHistoryAsync(
    new InteractiveExecutor(context), history, new PromptTemplateTransformer(weights, withAssistant: true));
foreach (string line in (string[])["What is my name?", "Spell it."])
{
    var message = new ChatHistory.Message(AuthorRole.User, line);
    await foreach (string text in chat.ChatAsync(message, new InferenceParams { MaxTokens = 32, AntiPrompts = ["<|im_end|>"] }))
    {
        Console.Write(text);
    }

    Console.WriteLine();
}

chat.SaveSession(Path.Combine(Path.GetTempPath(), "chat"));
