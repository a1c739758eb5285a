using System;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Sampling;

namespace EdgeRuntime.Speculation;

/// <summary>Defines a source of proposals for the next tokens, which the model checks in one pass.</summary>
internal interface IDraft
{
    /// <summary>
    /// Gets the number of values of <see cref="Prepare"/> other than -1. Each is a kind of proposal with its own acceptance rate.
    /// </summary>
    int Kinds { get; }

    /// <summary>
    /// Gets whether proposals are drawn at random. If so, their number must not depend on a clock, because a seed must repeat an answer.
    /// </summary>
    bool IsRandom { get; }

    /// <summary>Checks whether there is a proposal after <paramref name="text"/>, before its length is chosen.</summary>
    /// <param name="text">The prompt and the answer, including the current token.</param>
    /// <returns>The kind of the proposal, or -1 for none.</returns>
    int Prepare(ReadOnlySpan<int> text);

    /// <summary>Proposes tokens after <paramref name="text"/>, which is the text of the last <see cref="Prepare"/>.</summary>
    /// <param name="text">The prompt and the answer, including the current token.</param>
    /// <param name="draft">Receives the tokens, from index 0 on.</param>
    /// <param name="context">How the call runs. The draft can be used again after a cancelled call.</param>
    /// <returns>The number of proposed tokens.</returns>
    ValueTask<int> ProposeAsync(ReadOnlyMemory<int> text, Memory<int> draft, CallContext context);

    /// <summary>
    /// Gets the distribution from which the proposed token <paramref name="index"/> was drawn; null if it was not drawn at random.
    /// </summary>
    Distribution? DistributionOf(int index);
}
