using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// A command of the user's that prints watts, one number a line: a wall meter's, a graphics card's. One that ends after a number
/// is started again and again; one that goes on printing is left to it.
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

    /// <summary>"12.5", "12.5 W" or "12500 mW"; null for anything else, and for what no power is (negative, infinite).</summary>
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

        return double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && double.IsFinite(value)
            ? value / divisor
            : null;
    }
}
