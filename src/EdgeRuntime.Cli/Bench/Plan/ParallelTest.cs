using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>A test of several sequences at once: each gets a prompt of its own, then all decode together, one batch a step.</summary>
/// <param name="Prompt">Tokens of each sequence's prompt.</param>
/// <param name="Generated">Tokens that each sequence decodes.</param>
/// <param name="Sequences">Number of sequences.</param>
internal sealed record ParallelTest(int Prompt, int Generated, int Sequences)
{
    /// <summary>Most sequences of a test, as in llama.cpp.</summary>
    public const int MostSequences = 256;

    /// <summary>Positions of each sequence.</summary>
    public int Positions => Prompt + Generated;

    /// <summary>Positions of all sequences together.</summary>
    public long KvPositions => (long)Sequences * Positions;

    /// <summary>The name in reports: <c>pp512+tg128 x 8</c>.</summary>
    public string Name => FormattableString.Invariant($"pp{Prompt}+tg{Generated} x {Sequences}");

    /// <summary>Every combination, in llama-batched-bench's order.</summary>
    public static IReadOnlyList<ParallelTest> Plan(int[] prompts, int[] generated, int[] sequences) =>
    [
        .. prompts.SelectMany(prompt => generated.SelectMany(
            answer => sequences.Select(count => new ParallelTest(prompt, answer, count)))),
    ];
}
