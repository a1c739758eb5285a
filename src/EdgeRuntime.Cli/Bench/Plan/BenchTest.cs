using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>A test to time: the prefill or the decoding of a number of tokens, at a depth in the context.</summary>
/// <param name="Prompt">Tokens of the prefill; 0 for a decode test.</param>
/// <param name="Generated">Tokens that are decoded one at a time; 0 for a prefill test.</param>
/// <param name="Depth">Positions in the KV cache when the timing starts.</param>
internal sealed record BenchTest(int Prompt, int Generated, int Depth)
{
    /// <summary>Gets the name that llama-bench uses: <c>pp512</c>, <c>pp512@d2048</c>, <c>tg128</c>, <c>tg128@d2048</c>.</summary>
    public string Name => (IsPrefill ? FormattableString.Invariant($"pp{Prompt}") : FormattableString.Invariant($"tg{Generated}"))
        + (Depth > 0 ? FormattableString.Invariant($"@d{Depth}") : "");

    public bool IsPrefill => Prompt > 0;

    /// <summary>Gets the number of timed tokens.</summary>
    public int Tokens => Prompt + Generated;

    /// <summary>Gets the number of positions that the KV cache must hold.</summary>
    public int Positions => Depth + Tokens;

    /// <summary>Creates the tests: at every depth, each prefill length and then each decode length; lengths of 0 are skipped.</summary>
    public static IReadOnlyList<BenchTest> Plan(IEnumerable<int> prompts, IEnumerable<int> generated, IEnumerable<int> depths) =>
    [
        .. depths.SelectMany(depth => (IEnumerable<BenchTest>)
        [
            .. prompts.Where(tokens => tokens > 0).Select(tokens => new BenchTest(tokens, 0, depth)),
            .. generated.Where(tokens => tokens > 0).Select(tokens => new BenchTest(0, tokens, depth)),
        ]),
    ];
}
