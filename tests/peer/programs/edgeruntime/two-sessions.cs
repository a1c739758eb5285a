#:project ../../../../src/EdgeRuntime
using EdgeRuntime;

using LanguageModel model = LanguageModel.Load(args[0]);
using ModelSession first = model.CreateSession(new() { ContextLength = 512 });
using ModelSession second = model.CreateSession(new() { ContextLength = 512 });
GenerationResult[] answers = await Task.WhenAll(
    first.Generate("Name a colour.", new() { MaxTokens = 16 }).CompleteAsync(),
    second.Generate("Name an animal.", new() { MaxTokens = 16 }).CompleteAsync());
Console.WriteLine(string.Join('\n', answers.Select(answer => answer.Text)));
