using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Reads the rails of Jetson Nano, TX1 and TX2 with NVIDIA's older driver, which has INA3221 under iio instead of hwmon:
/// bus/i2c/drivers/ina3221x/ADDRESS/iio:deviceN with rail_name_K, and in_powerK_input in milliwatts.
/// </summary>
/// <remarks>Source: NVIDIA Jetson Linux Developer Guide, "Software-Based Power Consumption Modeling".</remarks>
internal sealed class JetsonSource : IEnergySource
{
    private const string Folder = "bus/i2c/drivers/ina3221x";

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(100);

    public string Name => "jetson";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        var rails = new List<PowerRail>();
        foreach (string address in options.Sysfs.List(Folder))
        {
            foreach (string device in options.Sysfs.List(address))
            {
                if (Path.GetFileName(device).StartsWith("iio:device", StringComparison.Ordinal))
                {
                    AddRails(options.Sysfs, device, rails);
                }
            }
        }

        IReadOnlyList<PowerRail> used = PowerRail.WithoutOverlap(rails);
        return used.Count > 0 ? new PowerRailsSensor("Jetson", used, Latency) : null;
    }

    private static void AddRails(SysfsTree sysfs, string device, List<PowerRail> rails)
    {
        for (int i = 0; i < 3; i++)
        {
            string power = Path.Combine(device, FormattableString.Invariant($"in_power{i}_input"));
            string? name = sysfs.ReadText(Path.Combine(device, FormattableString.Invariant($"rail_name_{i}")));
            if (name is not null && sysfs.ReadNumber(power) is not null)
            {
                rails.Add(new PowerRail(name, () => sysfs.RequireNumber(power) * 1e-3));
            }
        }
    }
}
