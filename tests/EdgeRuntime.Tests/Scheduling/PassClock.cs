using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Tests.Scheduling;

/// <summary>A clock that only passes move. Its timers never fire by themselves, so the scheduler waits for everyone it expects.</summary>
internal sealed class PassClock : TimeProvider
{
    private readonly List<PassTimer> _timers = [];
    private long _microseconds;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => Interlocked.Read(ref _microseconds);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _microseconds, (long)time.TotalMicroseconds);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new PassTimer(() => callback(state));
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Moves the clock, and fires the timers that are armed.</summary>
    public void Expire(TimeSpan time)
    {
        Advance(time);
        foreach (PassTimer timer in _timers.ToArray())
        {
            timer.Fire();
        }
    }

    private sealed class PassTimer(Action callback) : ITimer
    {
        private int _armed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Volatile.Write(ref _armed, dueTime == Timeout.InfiniteTimeSpan ? 0 : 1);
            return true;
        }

        public void Fire()
        {
            if (Interlocked.Exchange(ref _armed, 0) == 1)
            {
                callback();
            }
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
