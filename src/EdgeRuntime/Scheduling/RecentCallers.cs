using System;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Remembers the latest caller and when another one last completed a request. Callers are threads and asynchronous sequences; a thread that
/// uses several sequences in turn is one caller.
/// </summary>
internal struct RecentCallers
{
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

    /// <summary>Gets whether another caller completed a request within the last <paramref name="window"/>.</summary>
    public readonly bool HasOther(long caller, TimeSpan window, TimeProvider clock) =>
        (caller == _latest ? _otherTime : _latestTime) is { } time && clock.GetElapsedTime(time) < window;
}
