using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// What flows out of the batteries of the device, while nothing flows in: the whole device, screen and all. Slow: firmware
/// measures every few seconds.
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
                || sysfs.ReadText(Path.Combine(supply, "scope")) == "Device" // a mouse's
                || sysfs.ReadNumber(Path.Combine(supply, "present")) == 0)
            {
                continue;
            }

            if (sysfs.ReadText(Path.Combine(supply, "status")) is not "Discharging")
            {
                // With two batteries one may rest while the other works.
                hints.Add($"battery {name} is not discharging: unplug the charger to measure with it");
            }
            else if (ReadWatts(sysfs, supply) is not null)
            {
                rails.Add(new PowerRail(name, () => RequireWatts(sysfs, supply, name)));
            }
        }

        return rails.Count > 0 ? new PowerRailsSensor("battery", rails, Latency) : null;
    }

    /// <summary>power_now in microwatts, or voltage_now in microvolts by current_now in microamperes, which some drivers give as negative.</summary>
    private static double? ReadWatts(SysfsTree sysfs, string supply)
    {
        if (sysfs.ReadNumber(Path.Combine(supply, "power_now")) is { } power)
        {
            return Math.Abs(power) * 1e-6;
        }

        return sysfs.ReadNumber(Path.Combine(supply, "voltage_now")) is { } volts && sysfs.ReadNumber(Path.Combine(supply, "current_now")) is { } amperes
            ? volts * 1e-6 * (Math.Abs(amperes) * 1e-6)
            : null;
    }

    private static double RequireWatts(SysfsTree sysfs, string supply, string name) =>
        sysfs.ReadText(Path.Combine(supply, "status")) == "Discharging" && ReadWatts(sysfs, supply) is { } watts
            ? watts
            : throw new EnergySensorException($"battery {name} is not discharging any more");
}
