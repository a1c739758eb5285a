using System;
using System.Threading;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Runs a model over chunks of text and gives the logits of their later positions, some positions at a time.</summary>
/// <param name="session">A session of at least as many positions as a chunk has; its content is overwritten.</param>
internal sealed class ChunkSession(ModelSession session)
{
    /// <summary>The largest number of positions whose logits are held at once.</summary>
    private const int Batch = 64;

    private int[] _input = [];

    /// <summary>Gets the session.</summary>
    public ModelSession Session => session;

    /// <summary>Starts a chunk.</summary>
    /// <param name="input">The tokens.</param>
    /// <param name="first">The first position with logits.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    /// <param name="kept">The number of tokens that the session starts with already.</param>
    public void Begin(int[] input, int first, CancellationToken cancellationToken, int kept = 0)
    {
        _input = input;
        kept = Math.Min(kept, first);
        session.Truncate(kept);
        if (first > kept)
        {
            session.Forward(input.AsSpan(kept..first), cancellationToken);
        }
    }

    /// <summary>Computes the logits of the next positions.</summary>
    /// <param name="end">The end of the positions.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    /// <returns>[positions, vocabulary]; empty at the end. Valid until the next call.</returns>
    public ReadOnlySpan<float> Next(int end, CancellationToken cancellationToken)
    {
        int start = session.Length;
        int count = Math.Min(Math.Min(Batch, session.BatchTokens), end - start);
        return count > 0 ? session.ForwardAll(_input.AsSpan(start, count), cancellationToken) : [];
    }
}
