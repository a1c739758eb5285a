using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// A team of threads that run one piece of work together: the caller and pinned workers. Workers wait for work by spinning
/// for a moment, then asleep. Owns its workers; one caller at a time (others wait in <see cref="Run"/>).
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // About 50 microseconds: longer than sampling a token, shorter than anything that a user would call idle.
    private const int SpinsBeforeSleep = 2000;

    // Shares that what is left would make for each thread; and the size that no share goes below and all are a multiple of: two panels, which
    // kernels multiply at once.
    private const int SharesLeft = 2;
    private const int LeastShare = 2;

    private readonly Lock _callers = new();
    private readonly Thread[] _workers;

    // A monitor, not a semaphore: a worker that has finished a run and sleeps again would take the wake-up of one that has not begun.
    private readonly object _wake = new();
    private PaddedCounter _next;
    private PaddedCounter _arrived;
    private PaddedCounter _phase;
    private PaddedCounter _generation;
    private PaddedCounter _asleep;
    private ITeamWork? _work;
    private Exception? _fault;
    private volatile bool _disposed;

    /// <param name="threads">Threads in all, the caller included.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int thread = i + 1;
            _workers[i] = new Thread(() => WorkerLoop(thread)) { IsBackground = true, Name = $"edgert-worker-{thread}" };
            _workers[i].Start();
        }
    }

    /// <summary>Threads in all, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs <paramref name="work"/> on every thread and returns when all have finished.</summary>
    /// <exception cref="Exception">The first exception of any thread.</exception>
    public void Run(ITeamWork work)
    {
        lock (_callers)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _work = work;
            _fault = null;
            Volatile.Write(ref _next.Value, 0);
            Interlocked.Increment(ref _generation.Value);
            WakeSleepers();
            RunGuarded(work, 0);
            // A fault leaves threads at different barriers; every one of them comes here in the end.
            WaitForAll();
            _work = null;
            if (_fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
        }
    }

    /// <summary>Takes the next <paramref name="count"/> items of the phase's work; the first one's index, which may be past the end.</summary>
    /// <remarks>A phase that takes items must end with <see cref="Barrier"/>, which starts the count anew.</remarks>
    public int TakeItems(int count) => Interlocked.Add(ref _next.Value, count) - count;

    /// <summary>
    /// Takes a share of the phase's items: much while much is left, little at the end, so that threads read long stretches and still finish
    /// together, whichever of them is slower.
    /// </summary>
    /// <param name="items">Of the phase; every thread must say the same.</param>
    /// <param name="first">The first of the share.</param>
    /// <param name="last">One past its last.</param>
    /// <returns>False where nothing is left.</returns>
    /// <remarks><inheritdoc cref="TakeItems" path="/remarks"/></remarks>
    public bool TakeShare(int items, out int first, out int last)
    {
        first = Volatile.Read(ref _next.Value);
        while (true)
        {
            last = first + SizeOfShare(items - first);
            int found = Interlocked.CompareExchange(ref _next.Value, last, first);
            if (found == first)
            {
                last = Math.Min(last, items);
                return first < items;
            }

            first = found;
        }
    }

    private int SizeOfShare(int left)
    {
        int share = Math.Max(LeastShare, left / (SharesLeft * Threads));
        return (share + LeastShare - 1) / LeastShare * LeastShare;
    }

    /// <summary>Waits until every thread of the team is here.</summary>
    public void Barrier()
    {
        if (Threads == 1)
        {
            _next.Value = 0;
            return;
        }

        int phase = Volatile.Read(ref _phase.Value);
        if (Interlocked.Increment(ref _arrived.Value) == Threads)
        {
            Volatile.Write(ref _next.Value, 0);
            Volatile.Write(ref _arrived.Value, 0);
            Volatile.Write(ref _phase.Value, phase + 1);
            return;
        }

        for (int spins = 0; Volatile.Read(ref _phase.Value) == phase; spins++)
        {
            if (Volatile.Read(ref _fault) is not null)
            {
                throw new TeamFaultException();
            }

            Pause(spins);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_callers)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Interlocked.Increment(ref _generation.Value);
            WakeSleepers();
            foreach (Thread worker in _workers)
            {
                worker.Join();
            }
        }
    }

    private static void Pause(int spins)
    {
        if (spins < SpinsBeforeSleep)
        {
            Thread.SpinWait(8);
        }
        else
        {
            // The other thread may have lost its core: give ours away.
            Thread.Yield();
        }
    }

    /// <summary>
    /// To be called after a new generation: a worker counts itself as asleep before it looks at the generation for the last time, so one
    /// that is not counted yet sees the new one.
    /// </summary>
    private void WakeSleepers()
    {
        if (Volatile.Read(ref _asleep.Value) > 0)
        {
            lock (_wake)
            {
                Monitor.PulseAll(_wake);
            }
        }
    }

    private void RunGuarded(ITeamWork work, int thread)
    {
        try
        {
            work.Run(this, thread);
        }
        catch (TeamFaultException)
        {
            // Another thread's exception is the one to report.
        }
#pragma warning disable CA1031 // handed to the caller of Run, which throws it
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _fault, exception, null);
        }
    }

    /// <summary>The last meeting point of a run: a barrier that a fault does not break.</summary>
    private void WaitForAll()
    {
        int finished = Interlocked.Increment(ref _finished.Value);
        for (int spins = 0; finished < Threads; spins++)
        {
            Pause(spins);
            finished = Volatile.Read(ref _finished.Value);
        }

        Volatile.Write(ref _finished.Value, 0);
        Volatile.Write(ref _arrived.Value, 0);
    }

    private PaddedCounter _finished;

    private void WorkerLoop(int thread)
    {
        ThreadAffinity.PinCurrentThread(thread);
        int seen = 0;
        while (true)
        {
            WaitForGeneration(seen);
            seen++;
            if (_disposed)
            {
                return;
            }

            RunGuarded(_work!, thread);
            Interlocked.Increment(ref _finished.Value);
        }
    }

    private void WaitForGeneration(int seen)
    {
        for (int spins = 0; spins < SpinsBeforeSleep; spins++)
        {
            if (Volatile.Read(ref _generation.Value) != seen)
            {
                return;
            }

            Thread.SpinWait(8);
        }

        Interlocked.Increment(ref _asleep.Value);
        lock (_wake)
        {
            while (Volatile.Read(ref _generation.Value) == seen)
            {
                Monitor.Wait(_wake);
            }
        }

        Interlocked.Decrement(ref _asleep.Value);
    }
}
