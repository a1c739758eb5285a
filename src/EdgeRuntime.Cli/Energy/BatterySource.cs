using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Reads the power drawn from the batteries while they are discharging: the power of the whole device, including the screen. It is slow,
/// because firmware measures every few seconds.
/// </summary>
/// <remarks>Source: Documentation/ABI/testing/sysfs-class-power of Linux.</remarks>
internal sealed class BatterySource : IEnergySource
{
    private static readonly TimeSpan Latency = TimeSpan.FromSeconds(5);

    public string Name => "battery";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        SysfsTree sysfs = options.Sysfs;
        var rails = new List<PowerRail>();
        foreach (string supply in sysfs.List("class/power_supply"))
        {
            string name = Path.GetFileName(supply);
            if (sysfs.ReadText(Path.Combine(supply, "type")) != "Battery"
                || sysfs.ReadText(Path.Combine(supply, "scope")) == "Device" // for example, the battery of a mouse
                || sysfs.ReadNumber(Path.Combine(supply, "present")) == 0)
            {
                continue;
            }

            if (sysfs.ReadText(Path.Combine(supply, "status")) is not "Discharging")
            {
                // One of two batteries may be idle while the other discharges.
                hints.Add($"battery {name} is not discharging: unplug the charger to measure with it");
            }
            else if (ReadWatts(sysfs, supply) is not null)
            {
                rails.Add(new PowerRail(name, () => RequireWatts(sysfs, supply, name)));
            }
        }

        return rails.Count > 0 ? new PowerRailsSensor("battery", rails, Latency) : null;
    }

    /// <summary>
    /// Reads power_now (microwatts), or voltage_now (microvolts) times current_now (microamperes), which is negative with some drivers.
    /// </summary>
    private static double? ReadWatts(SysfsTree sysfs, string supply)
    {
        if (sysfs.ReadNumber(Path.Combine(supply, "power_now")) is { } power)
        {
            return Math.Abs(power) * 1e-6;
        }

        return sysfs.ReadNumber(Path.Combine(supply, "voltage_now")) is { } volts
            && sysfs.ReadNumber(Path.Combine(supply, "current_now")) is { } amperes
            ? volts * 1e-6 * (Math.Abs(amperes) * 1e-6)
            : null;
    }

    private static double RequireWatts(SysfsTree sysfs, string supply, string name) =>
        sysfs.ReadText(Path.Combine(supply, "status")) == "Discharging" && ReadWatts(sysfs, supply) is { } watts
            ? watts
            : throw new EnergySensorException($"battery {name} is not discharging any more");
}
