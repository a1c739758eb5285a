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

    private readonly Lock _callers = new();
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
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
            if (Volatile.Read(ref _asleep.Value) > 0)
            {
                _wake.Release(_workers.Length);
            }

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
            if (_workers.Length > 0)
            {
                _wake.Release(_workers.Length);
            }

            foreach (Thread worker in _workers)
            {
                worker.Join();
            }

            _wake.Dispose();
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
        while (Volatile.Read(ref _generation.Value) == seen)
        {
            _wake.Wait();
        }

        Interlocked.Decrement(ref _asleep.Value);
    }
}
