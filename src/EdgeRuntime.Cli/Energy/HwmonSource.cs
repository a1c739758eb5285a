using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Power monitors of a board in Linux's hwmon: INA226 and its relatives (microwatts in power1_input), INA3221 (three rails with
/// volts and amperes apart; all Jetson boards since Xavier), LTC294x, and the ACPI power meter of servers. Monitors inside other
/// devices (a graphics card's) are left out: they say nothing of this work.
/// </summary>
/// <remarks>Source: Documentation/hwmon/sysfs-interface.rst, ina2xx.rst and ina3221.rst of Linux.</remarks>
internal sealed class HwmonSource : IEnergySource
{
    private const string Folder = "class/hwmon";

    /// <summary>Beginnings of the names of chips that measure a board's supply.</summary>
    private static readonly string[] Chips = ["ina", "ltc294", "ltc4151", "power_meter"];

    private static readonly string[] PowerKinds = ["input", "average"];

    private static readonly TimeSpan DefaultLatency = TimeSpan.FromMilliseconds(100);

    public string Name => "hwmon";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        SysfsTree sysfs = options.Sysfs;
        var rails = new List<PowerRail>();
        var chips = new List<string>();
        TimeSpan latency = TimeSpan.Zero;
        foreach (string device in sysfs.List(Folder))
        {
            string chip = sysfs.ReadText(Path.Combine(device, "name")) ?? "";
            if (!Chips.Any(known => chip.StartsWith(known, StringComparison.Ordinal)))
            {
                continue;
            }

            List<PowerRail> found;
            try
            {
                found = [.. PowerFiles(sysfs, device, chip)];
                found = found.Count > 0 ? found : [.. VoltsAndAmperes(sysfs, device, chip)];
            }
            catch (UnauthorizedAccessException)
            {
                hints.Add($"{device} can be read by root only: run this as root");
                continue;
            }

            if (found.Count > 0)
            {
                rails.AddRange(found);
                chips.Add(chip);
                latency = Longest(latency, ReadLatency(sysfs, device));
            }
        }

        rails = [.. PowerRail.WithoutOverlap(rails)];
        return rails.Count > 0 ? new PowerRailsSensor("hwmon " + string.Join(", ", chips.Distinct()), rails, latency) : null;
    }

    /// <summary>powerN_input or powerN_average, in microwatts.</summary>
    private static IEnumerable<PowerRail> PowerFiles(SysfsTree sysfs, string device, string chip)
    {
        for (int i = 1; i <= 16; i++)
        {
            string? path = PowerKinds
                .Select(kind => Path.Combine(device, FormattableString.Invariant($"power{i}_{kind}")))
                .FirstOrDefault(candidate => sysfs.ReadNumber(candidate) is not null);
            if (path is not null)
            {
                string label = sysfs.ReadText(Path.Combine(device, FormattableString.Invariant($"power{i}_label")))
                    ?? (chip == "power_meter" ? "system" : LabelOf(sysfs, device, i));
                yield return new PowerRail(label, () => sysfs.RequireNumber(path) * 1e-6);
            }
        }
    }

    /// <summary>inN_input in millivolts by currN_input in milliamperes. Only channels 1 to 3: behind them come shunt voltages and sums.</summary>
    private static IEnumerable<PowerRail> VoltsAndAmperes(SysfsTree sysfs, string device, string chip)
    {
        for (int i = 1; i <= 3; i++)
        {
            string volts = Path.Combine(device, FormattableString.Invariant($"in{i}_input"));
            string amperes = Path.Combine(device, FormattableString.Invariant($"curr{i}_input"));
            bool isOff = sysfs.ReadNumber(Path.Combine(device, FormattableString.Invariant($"in{i}_enable"))) == 0;
            if (!isOff && sysfs.ReadNumber(volts) is not null && sysfs.ReadNumber(amperes) is not null)
            {
                string label = sysfs.ReadText(Path.Combine(device, FormattableString.Invariant($"in{i}_label"))) ?? FormattableString.Invariant($"{chip} channel {i}");
                yield return new PowerRail(label, () => sysfs.RequireNumber(volts) * (double)sysfs.RequireNumber(amperes) * 1e-6);
            }
        }
    }

    /// <summary>The device tree's name of the chip where it has one (the rail's, on most boards), or its place.</summary>
    private static string LabelOf(SysfsTree sysfs, string device, int i) =>
        sysfs.ReadText(Path.Combine(device, "label"))
        ?? sysfs.ReadText(Path.Combine(device, "device", "of_node", "label"))?.TrimEnd('\0')
        ?? FormattableString.Invariant($"{Path.GetFileName(device)}/power{i}");

    /// <summary>A chip that says how often it measures is believed; averages and conversions of others stay below 100 ms.</summary>
    private static TimeSpan ReadLatency(SysfsTree sysfs, string device)
    {
        long? milliseconds = sysfs.ReadNumber(Path.Combine(device, "update_interval")) ?? sysfs.ReadNumber(Path.Combine(device, "power1_average_interval"));
        return milliseconds is > 0 ? TimeSpan.FromMilliseconds(milliseconds.Value) : DefaultLatency;
    }

    private static TimeSpan Longest(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
