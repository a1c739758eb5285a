using System;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>What a server may take of time, disk and patience.</summary>
internal sealed record DownloadLimits
{
    public static DownloadLimits Default { get; } = new();

    /// <summary>The time in which an answer must begin, and in which each <see cref="MinimumProgress"/> of its body must come.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that make an attempt, or a window of it, count as progress.</summary>
    public long MinimumProgress { get; init; } = 32 << 10;

    /// <summary>Attempts in a row without progress before the download is given up.</summary>
    public int FruitlessAttempts { get; init; } = 4;

    /// <summary>Times that a download may drop what came and begin again: the server has another version, or sends no ranges.</summary>
    public int Restarts { get; init; } = 3;

    /// <summary>The pause before an attempt, for each fruitless attempt before it.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Redirects that one request follows.</summary>
    public int Redirects { get; init; } = 10;

    /// <summary>Bytes of a file whose size neither the server nor the catalogue announces.</summary>
    public long UnannouncedSize { get; init; } = 4L << 30;
}
