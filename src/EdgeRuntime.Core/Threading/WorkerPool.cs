using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// Runs one piece of work on a team of threads: the caller and pinned workers. Idle workers spin briefly, then sleep. This object owns its
/// workers. It serves one caller at a time; other callers wait in <see cref="Run"/>.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>The greatest number of threads that users and files may ask for.</summary>
    public const int MaxThreads = 1024;

    // About 50 microseconds: longer than sampling a token takes, shorter than any pause a user would notice.
    private const int SpinsBeforeSleep = 2000;

    // Target shares per thread for the remaining work.
    private const int SharesPerThread = 2;

    private readonly Lock _callers = new();
    private readonly Thread[] _workers;

    // A monitor, not a semaphore: a worker that finished its run and sleeps again would consume the wake-up of a worker that has not
    // started.
    private readonly object _wake = new();
    private PaddedCounter _next;
    private PaddedCounter _arrived;
    private PaddedCounter _phase;
    private PaddedCounter _generation;
    private PaddedCounter _asleep;
    private ITeamWork? _work;
    private Exception? _fault;
    private volatile bool _disposed;

    /// <param name="threads">The number of threads, including the caller.</param>
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

    /// <summary>Gets the number of threads, including the caller.</summary>
    public int Threads { get; }

    /// <summary>Runs <paramref name="work"/> on every thread and returns when all threads have finished.</summary>
    /// <exception cref="Exception">The first exception that any thread throws.</exception>
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
            // After a fault threads are at different barriers. All of them reach this point.
            WaitForAll();
            _work = null;
            if (_fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
        }
    }

    /// <summary>
    /// Takes the next <paramref name="count"/> items of the phase and returns the index of the first, which may be past the end.
    /// </summary>
    /// <remarks>A phase that takes items must end with <see cref="Barrier"/>, which resets the counter.</remarks>
    public int TakeItems(int count) => Interlocked.Add(ref _next.Value, count) - count;

    /// <summary>
    /// Takes a share of the items of the phase. Shares shrink with the remaining work: threads read long stretches and still finish
    /// together, even at different speeds.
    /// </summary>
    /// <param name="items">The number of items of the phase; the same for every thread.</param>
    /// <param name="unit">The smallest share; every share but the last is a multiple of it.</param>
    /// <param name="first">The first item of the share.</param>
    /// <param name="last">One past the last item of the share.</param>
    /// <returns>False if no items remain.</returns>
    /// <remarks><inheritdoc cref="TakeItems" path="/remarks"/></remarks>
    public bool TakeShare(int items, int unit, out int first, out int last)
    {
        first = Volatile.Read(ref _next.Value);
        while (true)
        {
            last = first + ShareSize(items - first, unit);
            int found = Interlocked.CompareExchange(ref _next.Value, last, first);
            if (found == first)
            {
                last = Math.Min(last, items);
                return first < items;
            }

            first = found;
        }
    }

    private int ShareSize(int remaining, int unit)
    {
        int share = Math.Max(unit, remaining / (SharesPerThread * Threads));
        return (share + unit - 1) / unit * unit;
    }

    /// <summary>Waits until every thread of the team has reached the barrier.</summary>
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
            // The other thread may be waiting for a core: yield this one.
            Thread.Yield();
        }
    }

    /// <summary>
    /// Wakes sleeping workers after a new generation. A worker counts itself as asleep before its last check of the generation, so a worker
    /// that is not counted yet will see the new generation.
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
            // The exception of the other thread is the one to report.
        }
#pragma warning disable CA1031 // the caller of Run rethrows it
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _fault, exception, null);
        }
    }

    /// <summary>Waits for the end of the run at a barrier that a fault does not break.</summary>
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
