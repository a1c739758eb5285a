using System;
using System.Threading;

namespace EdgeRuntime.Scheduling;

/// <content>How someone is found to start the next pass: a thread that waits, a work item, or the timer.</content>
internal sealed partial class BatchScheduler
{
    private static readonly TimeSpan s_shortestTimer = TimeSpan.FromMilliseconds(1);

    private ITimer? _timer;
    private bool _isQueued; // as a work item

    /// <summary>Drives passes on a thread of the pool as long as only asynchronous requests wait.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        bool starts;
        lock (_lock)
        {
            _isQueued = false;
            starts = TryStart();
        }

        if (starts)
        {
            Drive(null);
        }
    }

    /// <summary>Sees to it that someone starts the next pass.</summary>
    private void HandOver()
    {
        if (CanStart)
        {
            Appoint();
        }
        else
        {
            ArmTimer();
        }
    }

    /// <summary>Wakes a thread that waits, or queues a work item if all requests are asynchronous.</summary>
    private void Appoint()
    {
        foreach (ScheduledSequence request in _waiting)
        {
            if (!request.IsAsync)
            {
                request.Signal.Set();
                return;
            }
        }

        if (!_isQueued)
        {
            _isQueued = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void ArmTimer()
    {
        TimeSpan rest = _patience - _clock.GetElapsedTime(_passEnd);
        _timer ??= _clock.CreateTimer(
            static scheduler => ((BatchScheduler)scheduler!).EndWait(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(rest > s_shortestTimer ? rest : s_shortestTimer, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Starts the next pass without those that have not come back.</summary>
    private void EndWait()
    {
        lock (_lock)
        {
            if (CanStart)
            {
                Appoint();
            }
            else if (!_isDriven && _waiting.Count > 0)
            {
                ArmTimer(); // the timer was that of an earlier pass
            }
        }
    }
}
