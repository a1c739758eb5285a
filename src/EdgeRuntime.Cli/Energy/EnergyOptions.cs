using System;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Where and how energy is measured.</summary>
internal sealed record EnergyOptions
{
    /// <summary>The sensors' file system; another folder in tests and for recorded trees.</summary>
    public SysfsTree Sysfs { get; init; } = new("/sys");

    /// <summary>A shell command that prints watts, or null.</summary>
    public string? Command { get; init; }

    /// <summary>Name of the one source to use; null for the first that can be read.</summary>
    public string? Source { get; init; }

    /// <summary>Time from one sample of a power sensor to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(50);
}
