using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>One thing to time: the prefill of some tokens, or the decoding of some, from an empty context or behind a filled one.</summary>
/// <param name="Prompt">Tokens of the prefill; 0 for a decode test.</param>
/// <param name="Generated">Tokens that are decoded one at a time; 0 for a prefill test.</param>
/// <param name="Depth">Positions in the KV cache when the timing starts.</param>
internal sealed record BenchTest(int Prompt, int Generated, int Depth)
{
    /// <summary>As llama-bench names it: <c>pp512</c>, <c>pp512@d2048</c>, <c>tg128</c>, <c>tg128@d2048</c>.</summary>
    public string Name => (IsPrefill ? FormattableString.Invariant($"pp{Prompt}") : FormattableString.Invariant($"tg{Generated}"))
        + (Depth > 0 ? FormattableString.Invariant($"@d{Depth}") : "");

    public bool IsPrefill => Prompt > 0;

    /// <summary>Tokens that are timed.</summary>
    public int Tokens => Prompt + Generated;

    /// <summary>Positions that the KV cache must hold.</summary>
    public int Positions => Depth + Tokens;

    /// <summary>At every depth, each prefill length and then each decode length; lengths of 0 mean none.</summary>
    public static IReadOnlyList<BenchTest> Plan(IEnumerable<int> prompts, IEnumerable<int> generated, IEnumerable<int> depths) =>
    [
        .. depths.SelectMany(depth => (IEnumerable<BenchTest>)
        [
            .. prompts.Where(tokens => tokens > 0).Select(tokens => new BenchTest(tokens, 0, depth)),
            .. generated.Where(tokens => tokens > 0).Select(tokens => new BenchTest(0, tokens, depth)),
        ]),
    ];
}
