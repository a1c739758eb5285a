using System.Threading;

namespace EdgeRuntime.Engine;

/// <summary>
/// Says how a call runs, so that one method serves synchronous and asynchronous callers. The task of a synchronous call is complete when
/// the method returns.
/// </summary>
/// <param name="IsAsync">Whether the call may suspend while it waits for the engine. If false, it computes on the caller's thread.</param>
/// <param name="CancellationToken">Cancels the call.</param>
internal readonly record struct CallContext(bool IsAsync, CancellationToken CancellationToken);
