#:project ../../../../src/EdgeRuntime
using EdgeRuntime;

using LanguageModel model = LanguageModel.Load(args[0]);
using ModelSession session = model.CreateSession();
foreach (GeneratedToken token in session.Generate("Why is the sky blue?", new() { MaxTokens = 32 }))
{
    Console.Write(token.Text);
}
