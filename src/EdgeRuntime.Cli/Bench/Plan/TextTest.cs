using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>A test of embeddings: so many short texts in one call.</summary>
/// <param name="Texts">Number of texts.</param>
internal sealed record TextTest(int Texts)
{
    /// <summary>The maximum number of texts in a test.</summary>
    public const int MostTexts = 1 << 16;

    private const int Shortest = 5;
    private const int Longest = 40;

    /// <summary>Gets the name of the test: <c>embed200</c>.</summary>
    public string Name => FormattableString.Invariant($"embed{Texts}");

    /// <summary>Gets the number of tokens of all texts.</summary>
    public int Tokens => Enumerable.Range(0, Texts).Sum(Length);

    /// <summary>
    /// Creates the token ids of the texts. Their lengths go from 5 to 40 tokens in even steps, and their order is random with a fixed seed.
    /// </summary>
    /// <param name="vocabulary">The number of token ids.</param>
    public IReadOnlyList<ReadOnlyMemory<int>> CreateTexts(int vocabulary)
    {
        int[][] texts = [.. Enumerable.Range(0, Texts).Select(i => BenchTokens.Create(Length(i), vocabulary, sequence: i))];
        new Random(20240229).Shuffle(texts);
        return [.. texts];
    }

    private int Length(int index) =>
        Texts == 1 ? (Shortest + Longest) / 2 : Shortest + (int)((long)(Longest - Shortest) * index / (Texts - 1));
}
