using System;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Remembers the latest caller and when another one last completed a request. Callers are threads and asynchronous sequences; a thread that
/// uses several sequences in turn is one caller.
/// </summary>
internal struct RecentCallers
{
    /// <summary>How long a caller without a request counts as active: longer than an application takes between two tokens.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    private long _latest;
    private long? _latestTime, _otherTime;

    /// <summary>Records that a request of a caller is complete.</summary>
    public void Record(long caller, long timestamp)
    {
        if (caller != _latest)
        {
            _otherTime = _latestTime;
            _latest = caller;
        }

        _latestTime = timestamp;
    }

    /// <summary>Gets whether another caller is active.</summary>
    public readonly bool HasOther(long caller, TimeProvider clock) =>
        (caller == _latest ? _otherTime : _latestTime) is { } time && clock.GetElapsedTime(time) < Window;
}
