using System;
using System.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>The two reasons to leave a forward pass before its end.</summary>
/// <param name="Caller">The caller has lost interest.</param>
/// <param name="Closing">The session is being disposed by another thread.</param>
internal readonly record struct StopTokens(CancellationToken Caller, CancellationToken Closing)
{
    /// <summary>Whether one of them is there.</summary>
    public bool IsRequested => Caller.IsCancellationRequested || Closing.IsCancellationRequested;

    /// <exception cref="OperationCanceledException">The caller's.</exception>
    /// <exception cref="ObjectDisposedException">The session's.</exception>
    public void ThrowIfRequested()
    {
        Caller.ThrowIfCancellationRequested();
        if (Closing.IsCancellationRequested)
        {
            throw new ObjectDisposedException(null, "the session was disposed during the call");
        }
    }
}
