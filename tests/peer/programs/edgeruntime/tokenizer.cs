#:project ../../../../src/EdgeRuntime
using EdgeRuntime;

Tokenizer tokenizer = Tokenizer.FromGguf(args[0]);
Console.WriteLine(tokenizer.CountTokens("Hello, world"));
foreach (int id in tokenizer.Encode("Hello, world"))
{
    Console.WriteLine($"{id} '{tokenizer.Decode([id])}'");
}
