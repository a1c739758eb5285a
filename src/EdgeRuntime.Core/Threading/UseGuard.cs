using System;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// Lets one call at a time use an object and rejects other calls at once. A call is not bound to a thread: it may end on another thread
/// than it began. A call can't enter again; methods that expect the guard to be held don't enter it. Entering allocates nothing.
/// </summary>
/// <param name="name">The type of the object, for messages.</param>
#pragma warning disable CA1001 // a token source without a timer has nothing to dispose
internal sealed class UseGuard(string name)
#pragma warning restore CA1001
{
    // A monitor, because Close waits for the end of a call that another thread may end.
    private readonly object _sync = new();
    private readonly CancellationTokenSource _closing = new();
    private bool _inside, _closed;
    private object? _holder;

    /// <summary>Gets a token that is cancelled when <see cref="Close"/> starts to wait.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>
    /// Gets the number of changes to the object, so that an operation of several calls can detect changes by others in between.
    /// </summary>
    public long Version { get; private set; }

    /// <summary>Starts a call. Disposing the scope ends the call.</summary>
    /// <param name="holder">The operation that the call belongs to, if one may hold the object; else null.</param>
    /// <exception cref="InvalidOperationException">Another call is running, or another operation holds the object.</exception>
    /// <exception cref="ObjectDisposedException">The object is closed, or a thread is waiting to close it.</exception>
    public Scope Enter(object? holder = null)
    {
        Scope scope = TryEnter(holder);
        if (!scope.IsEntered)
        {
            ThrowIfClosed();
            throw new InvalidOperationException(IsHeldFrom(holder)
                ? $"{name}: an answer is in progress; finish or cancel its enumeration (or dispose its enumerator) before the next call"
                : $"{name}: another call is still running; end or await it first, or give each caller a {name} of its own");
        }

        return scope;
    }

    /// <summary>Starts a call like <see cref="Enter"/>. Instead of throwing it returns a scope that is not entered.</summary>
    public Scope TryEnter(object? holder = null)
    {
        lock (_sync)
        {
            if (_inside || _closing.IsCancellationRequested || IsHeldFrom(holder))
            {
                return default;
            }

            _inside = true;
            return new Scope(this);
        }
    }

    /// <summary>
    /// Reserves the object for an operation of several calls. Until <see cref="Release"/>, only calls of the operation can start. Call it
    /// inside a scope only.
    /// </summary>
    public void Hold(object holder)
    {
        lock (_sync)
        {
            _holder = holder;
        }
    }

    /// <summary>Ends what <see cref="Hold"/> has begun, on any thread. Does nothing if the operation does not hold the object.</summary>
    public void Release(object holder)
    {
        lock (_sync)
        {
            if (ReferenceEquals(_holder, holder))
            {
                _holder = null;
            }
        }
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
        lock (_sync)
        {
            while (_inside)
            {
                Monitor.Wait(_sync);
            }

            bool first = !_closed;
            _closed = true;
            return first;
        }
    }

    private bool IsHeldFrom(object? holder) => _holder is { } other && !ReferenceEquals(other, holder);

    private void Exit()
    {
        lock (_sync)
        {
            _inside = false;
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Represents a running call.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly UseGuard? _entered;

        internal Scope(UseGuard entered) => _entered = entered;

        public bool IsEntered => _entered is not null;

        public void Dispose() => _entered?.Exit();
    }
}
