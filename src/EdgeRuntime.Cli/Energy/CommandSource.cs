using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Runs a command of the user that prints watts, one number per line, for example from a wall meter or a graphics card. A command that ends
/// after a number is restarted repeatedly; a command that keeps printing keeps running.
/// </summary>
internal sealed class CommandSource : IEnergySource
{
    private static readonly TimeSpan Latency = TimeSpan.FromSeconds(1);

    public string Name => "command";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        if (options.Command is not { } command)
        {
            return null;
        }

        (string shell, string option) = OperatingSystem.IsWindows() ? ("cmd.exe", "/c") : ("/bin/sh", "-c");
        var sensor = new ProcessSensor($"command '{command}'", shell, [option, command], ParseWatts, Latency, options.Interval);
        try
        {
            sensor.Read();
            return sensor;
        }
        catch (EnergySensorException exception)
        {
            sensor.Dispose();
            hints.Add(exception.Message);
            return null;
        }
    }

    /// <summary>Parses "12.5", "12.5 W" or "12500 mW"; null for anything else, including negative and infinite numbers.</summary>
    public static double? ParseWatts(string line)
    {
        ReadOnlySpan<char> text = line.AsSpan().Trim();
        double divisor = 1;
        if (text.EndsWith("mW", StringComparison.Ordinal))
        {
            divisor = 1000;
            text = text[..^2];
        }
        else if (text.EndsWith("W", StringComparison.Ordinal))
        {
            text = text[..^1];
        }

        return double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value >= 0 && double.IsFinite(value)
            ? value / divisor
            : null;
    }
}
