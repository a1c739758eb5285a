#:project ../../../../src/EdgeRuntime
using EdgeRuntime;

using LanguageModel model = LanguageModel.Load(args[0]);
IEnumerable<string> questions = Enumerable.Range(1, 50).Select(number => $"Say something about the number {number}.");
await Task.WhenAll(questions.Select(async question =>
{
    using ModelSession session = model.CreateSession(new() { ContextLength = 256 });
    GenerationResult answer = await session.Generate(question, new() { MaxTokens = 16 }).CompleteAsync();
    Console.WriteLine($"{question} {answer.Text}");
}));
