using System;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Limits the attempts of a download by the progress that they make.</summary>
/// <param name="limits">The limits of attempts.</param>
/// <param name="length">The number of bytes present before the first attempt.</param>
internal sealed class AttemptBudget(DownloadLimits limits, long length)
{
    private long _furthest = length;
    private int _fruitless;
    private int _restarts;

    /// <summary>Gets whether no more attempts are allowed.</summary>
    public bool IsSpent => _fruitless >= limits.FruitlessAttempts || _restarts > limits.Restarts;

    /// <summary>Gets the pause before the next attempt.</summary>
    public TimeSpan Delay => limits.RetryDelay * _fruitless;

    /// <summary>Counts a finished attempt.</summary>
    /// <param name="length">The number of bytes present now.</param>
    public void CountAttempt(long length)
    {
        if (length >= _furthest + limits.MinimumProgress)
        {
            _furthest = length;
            _fruitless = 0;
        }
        else
        {
            _fruitless++;
        }
    }

    /// <summary>Counts a restart, which discards the bytes received so far.</summary>
    public void CountRestart()
    {
        _furthest = 0;
        _restarts++;
    }
}
