using System;
using System.Threading;
using EdgeRuntime.Sampling;

namespace EdgeRuntime.Speculation;

/// <summary>Proposes the next tokens of an answer, for the model to check several at once.</summary>
internal interface IDraft
{
    /// <summary>
    /// Number of values that <see cref="Prepare"/> may give besides -1: kinds of proposals that differ in how often they are accepted.
    /// </summary>
    int Kinds { get; }

    /// <summary>
    /// Whether proposals are drawn at random: then their number may not depend on a clock, or a seed would not repeat an answer.
    /// </summary>
    bool IsRandom { get; }

    /// <summary>Looks whether there is something to propose behind <paramref name="text"/>, before it is decided how much.</summary>
    /// <param name="text">Prompt and answer, the current token last.</param>
    /// <returns>The kind of proposal, or -1 for none.</returns>
    int Prepare(ReadOnlySpan<int> text);

    /// <summary>Proposes tokens behind <paramref name="text"/>, the one of the last <see cref="Prepare"/>.</summary>
    /// <param name="text">Prompt and answer, the current token last.</param>
    /// <param name="draft">Is filled from the start.</param>
    /// <param name="cancellationToken">Stops it; the draft can be asked again.</param>
    /// <returns>Number of tokens proposed.</returns>
    int Propose(ReadOnlySpan<int> text, Span<int> draft, CancellationToken cancellationToken);

    /// <summary>What proposed token <paramref name="index"/> was drawn from; null where it was certain.</summary>
    Distribution? DistributionOf(int index);
}
