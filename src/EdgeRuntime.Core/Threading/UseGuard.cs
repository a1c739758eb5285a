using System;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// Lets one thread at a time use an object and rejects other threads at once. The thread inside may enter again, so that an operation can
/// hold the object over several calls. Entering allocates nothing.
/// </summary>
/// <param name="name">The type of the object, for messages.</param>
#pragma warning disable CA1001 // a token source without a timer has nothing to dispose
internal sealed class UseGuard(string name)
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private bool _closed;

    /// <summary>Gets a token that is cancelled when <see cref="Close"/> starts to wait.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>
    /// Gets the number of changes to the object, so that an operation of several calls can detect changes by others in between.
    /// </summary>
    public long Version { get; private set; }

    /// <summary>Starts a call. Disposing the scope ends the call.</summary>
    /// <exception cref="InvalidOperationException">Another thread is inside.</exception>
    /// <exception cref="ObjectDisposedException">The object is closed, or another thread is waiting to close it.</exception>
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

    /// <summary>Starts a call like <see cref="Enter"/>. Instead of throwing it returns a scope that is not entered.</summary>
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

    /// <summary>Throws if <see cref="Close"/> has been called.</summary>
    /// <exception cref="ObjectDisposedException">The object is closed.</exception>
    public void ThrowIfClosed()
    {
#pragma warning disable CA1513 // the suggested helper would name this type instead
        if (_closing.IsCancellationRequested)
        {
            throw new ObjectDisposedException(name);
        }
#pragma warning restore CA1513
    }

    /// <summary>Counts a change. Call it inside a scope only.</summary>
    public void Change() => Version++;

    /// <summary>Cancels the running call, waits until it ends, and rejects all further calls.</summary>
    /// <returns>True for the first caller, who must free what the object owns.</returns>
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

    /// <summary>Represents a running call.</summary>
    public readonly ref struct Scope
    {
        private readonly Lock? _lock;

        public Scope(Lock entered) => _lock = entered;

        public bool IsEntered => _lock is not null;

        public void Dispose() => _lock?.Exit();
    }
}
