using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Reads Apple's powermetrics: the power of the CPU, the GPU and the neural engine of a Mac. It requires root.</summary>
/// <remarks>Source: powermetrics(1).</remarks>
internal sealed class PowerMetricsSource : IEnergySource
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    public string Name => "powermetrics";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        if (!OperatingSystem.IsMacOS())
        {
            return null;
        }

        if (!Environment.IsPrivilegedProcess)
        {
            hints.Add("macOS shows its power to root only: run this with sudo");
            return null;
        }

        string interval = Interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        var sensor = new ProcessSensor(
            "powermetrics", "/usr/bin/powermetrics", ["--samplers", "cpu_power", "-i", interval],
            ParseWatts, 2 * Interval, TimeSpan.FromSeconds(1));
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

    /// <summary>
    /// Parses watts from a line of Apple processors, "Combined Power (CPU + GPU + ANE): 1650 mW", or of Intel processors, "Intel energy
    /// model derived package power (...): 3.1W".
    /// </summary>
    public static double? ParseWatts(string line) =>
        line.StartsWith("Combined Power", StringComparison.Ordinal)
        || line.StartsWith("Intel energy model derived package power", StringComparison.Ordinal)
            ? CommandSource.ParseWatts(line[(line.LastIndexOf(':') + 1)..])
            : null;
}
