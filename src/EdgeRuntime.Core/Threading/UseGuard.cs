using System;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// Lets one thread at a time use an object and refuses the others at once. The thread that is inside may enter again, so that a step
/// can hold the object over several calls. Entering allocates nothing. Owns nothing.
/// </summary>
/// <param name="name">The object's type, for messages.</param>
#pragma warning disable CA1001 // a token source without a timer owns nothing that the collector does not free
internal sealed class UseGuard(string name)
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private bool _closed;

    /// <summary>Cancelled when <see cref="Close"/> begins to wait.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Counts the changes of the object's content: a caller with several steps notices those of others between them.</summary>
    public long Version { get; private set; }

    /// <summary>Begins a call; disposing the scope ends it.</summary>
    /// <exception cref="InvalidOperationException">Another thread is inside.</exception>
    /// <exception cref="ObjectDisposedException">The object is closed, or another thread waits to close it.</exception>
    public Scope Enter()
    {
        Scope scope = TryEnter();
        if (!scope.IsEntered)
        {
            ThrowIfClosed();
            throw new InvalidOperationException(
                $"{name}: used by two threads at once; give each thread its own, or let one wait for the other");
        }

        return scope;
    }

    /// <summary>As <see cref="Enter"/>, with a scope that is not entered instead of an exception.</summary>
    public Scope TryEnter()
    {
        if (!_lock.TryEnter())
        {
            return default;
        }

        if (_closing.IsCancellationRequested)
        {
            _lock.Exit();
            return default;
        }

        return new Scope(_lock);
    }

    /// <summary>Does nothing until <see cref="Close"/> is called.</summary>
    /// <exception cref="ObjectDisposedException">It was.</exception>
    public void ThrowIfClosed()
    {
#pragma warning disable CA1513 // which would name this type
        if (_closing.IsCancellationRequested)
        {
            throw new ObjectDisposedException(name);
        }
#pragma warning restore CA1513
    }

    /// <summary>Counts a change. To be called inside.</summary>
    public void Change() => Version++;

    /// <summary>Cancels the call that is running, waits for its end and lets nobody in any more.</summary>
    /// <returns>True for the first caller, who is to free what the object owns.</returns>
    public bool Close()
    {
        _closing.Cancel();
        lock (_lock)
        {
            bool first = !_closed;
            _closed = true;
            return first;
        }
    }

    /// <summary>A call that is running.</summary>
    public readonly ref struct Scope
    {
        private readonly Lock? _lock;

        public Scope(Lock entered) => _lock = entered;

        public bool IsEntered => _lock is not null;

        public void Dispose() => _lock?.Exit();
    }
}
