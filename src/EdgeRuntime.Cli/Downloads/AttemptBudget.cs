using System;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Bounds the attempts of one download by the progress that they make.</summary>
/// <param name="limits">How many attempts may bring nothing.</param>
/// <param name="length">Bytes that are there before the first attempt.</param>
internal sealed class AttemptBudget(DownloadLimits limits, long length)
{
    private long _furthest = length;
    private int _fruitless;
    private int _restarts;

    /// <summary>Whether no further attempt may be made.</summary>
    public bool IsSpent => _fruitless >= limits.FruitlessAttempts || _restarts > limits.Restarts;

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan Delay => limits.RetryDelay * _fruitless;

    /// <summary>Counts the end of an attempt.</summary>
    /// <param name="length">Bytes that are there now.</param>
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

    /// <summary>Counts that what was there was dropped.</summary>
    public void CountRestart()
    {
        _furthest = 0;
        _restarts++;
    }
}
