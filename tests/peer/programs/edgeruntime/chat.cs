#:project ../../../../src/EdgeRuntime
using EdgeRuntime;

using LanguageModel model = LanguageModel.Load(args[0]);
using ChatSession chat = model.CreateChat(new()
{
    SystemPrompt = "You are a friendly assistant.",
    Messages = [ModelMessage.User("My name is Ada."), ModelMessage.Assistant("Hello Ada!")],
    Generation = new() { MaxTokens = 32 },
});
foreach (string line in (string[])["What is my name?", "Spell it."])
{
    foreach (GeneratedToken token in chat.Send(line))
    {
        Console.Write(token.Text);
    }

    Console.WriteLine();
}

chat.Save(Path.Combine(Path.GetTempPath(), "chat.json"));
