using System;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>The limits on the time and disk space that a server can use.</summary>
internal sealed record DownloadLimits
{
    public static DownloadLimits Default { get; } = new();

    /// <summary>Gets the time limit for the start of a response, and for each <see cref="MinimumProgress"/> of its body.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the number of bytes that an attempt, or a time window of it, must receive to count as progress.</summary>
    public long MinimumProgress { get; init; } = 32 << 10;

    /// <summary>Gets the number of consecutive attempts without progress after which the download fails.</summary>
    public int FruitlessAttempts { get; init; } = 4;

    /// <summary>
    /// Gets the number of restarts that discard the received bytes, because the server has another version or does not support ranges.
    /// </summary>
    public int Restarts { get; init; } = 3;

    /// <summary>Gets the pause before an attempt per previous attempt without progress.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the number of redirects that a request follows.</summary>
    public int Redirects { get; init; } = 10;

    /// <summary>Gets the largest number of bytes of a file whose size is announced neither by the server nor by the catalogue.</summary>
    public long UnannouncedSize { get; init; } = 4L << 30;
}
