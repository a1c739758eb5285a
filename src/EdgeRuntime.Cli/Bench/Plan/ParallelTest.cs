using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>A test of several sequences at once: each gets its own prompt, then all decode together, one batch per step.</summary>
/// <param name="Prompt">Tokens of each sequence's prompt.</param>
/// <param name="Generated">Tokens that each sequence decodes.</param>
/// <param name="Sequences">Number of sequences.</param>
internal sealed record ParallelTest(int Prompt, int Generated, int Sequences)
{
    /// <summary>The maximum number of sequences in a test, as in llama.cpp.</summary>
    public const int MostSequences = 256;

    /// <summary>Gets the number of positions of each sequence.</summary>
    public int Positions => Prompt + Generated;

    /// <summary>Gets the number of positions of all sequences together.</summary>
    public long KvPositions => (long)Sequences * Positions;

    /// <summary>Gets the name in reports: <c>pp512+tg128 x 8</c>.</summary>
    public string Name => FormattableString.Invariant($"pp{Prompt}+tg{Generated} x {Sequences}");

    /// <summary>Creates the tests of all combinations, in llama-batched-bench's order.</summary>
    public static IReadOnlyList<ParallelTest> Plan(int[] prompts, int[] generated, int[] sequences) =>
    [
        .. prompts.SelectMany(prompt => generated.SelectMany(
            answer => sequences.Select(count => new ParallelTest(prompt, answer, count)))),
    ];
}
