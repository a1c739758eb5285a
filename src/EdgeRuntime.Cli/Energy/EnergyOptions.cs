using System;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Options of an energy measurement.</summary>
internal sealed record EnergyOptions
{
    /// <summary>Gets the sensor file system; tests and recorded trees use another folder.</summary>
    public SysfsTree Sysfs { get; init; } = new("/sys");

    /// <summary>Gets a shell command that prints watts, or null.</summary>
    public string? Command { get; init; }

    /// <summary>Gets the name of the source to use; null for the first that can be read.</summary>
    public string? Source { get; init; }

    /// <summary>Gets the time between samples of a power sensor.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(50);
}
