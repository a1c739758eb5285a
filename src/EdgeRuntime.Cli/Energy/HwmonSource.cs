using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Reads the board's power monitors in Linux's hwmon: INA226 and similar chips (microwatts in power1_input), INA3221 (three rails with
/// separate volts and amperes; all Jetson boards since Xavier), LTC294x, and the ACPI power meter of servers. Monitors in other devices,
/// such as a graphics card, are ignored because they do not measure this program's work.
/// </summary>
/// <remarks>Source: Documentation/hwmon/sysfs-interface.rst, ina2xx.rst and ina3221.rst of Linux.</remarks>
internal sealed class HwmonSource : IEnergySource
{
    private const string Folder = "class/hwmon";

    /// <summary>The name prefixes of chips that measure a board's supply.</summary>
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

    /// <summary>Finds powerN_input or powerN_average files, in microwatts.</summary>
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

    /// <summary>
    /// Finds inN_input (millivolts) with currN_input (milliamperes) for channels 1 to 3. Higher channels are shunt voltages and sums.
    /// </summary>
    private static IEnumerable<PowerRail> VoltsAndAmperes(SysfsTree sysfs, string device, string chip)
    {
        for (int i = 1; i <= 3; i++)
        {
            string volts = Path.Combine(device, FormattableString.Invariant($"in{i}_input"));
            string amperes = Path.Combine(device, FormattableString.Invariant($"curr{i}_input"));
            bool isOff = sysfs.ReadNumber(Path.Combine(device, FormattableString.Invariant($"in{i}_enable"))) == 0;
            if (!isOff && sysfs.ReadNumber(volts) is not null && sysfs.ReadNumber(amperes) is not null)
            {
                string label = sysfs.ReadText(Path.Combine(device, FormattableString.Invariant($"in{i}_label")))
                    ?? FormattableString.Invariant($"{chip} channel {i}");
                yield return new PowerRail(label, () => sysfs.RequireNumber(volts) * (double)sysfs.RequireNumber(amperes) * 1e-6);
            }
        }
    }

    /// <summary>Gets the device tree label of a chip or rail if there is one, otherwise its position.</summary>
    private static string LabelOf(SysfsTree sysfs, string device, int i) =>
        sysfs.ReadText(Path.Combine(device, "label"))
        ?? sysfs.ReadText(Path.Combine(device, "device", "of_node", "label"))?.TrimEnd('\0')
        ?? FormattableString.Invariant($"{Path.GetFileName(device)}/power{i}");

    /// <summary>
    /// Gets the latency from a chip that reports its update interval. Averages and conversions of other chips take less than 100 ms.
    /// </summary>
    private static TimeSpan ReadLatency(SysfsTree sysfs, string device)
    {
        long? milliseconds = sysfs.ReadNumber(Path.Combine(device, "update_interval"))
            ?? sysfs.ReadNumber(Path.Combine(device, "power1_average_interval"));
        return milliseconds is > 0 ? TimeSpan.FromMilliseconds(milliseconds.Value) : DefaultLatency;
    }

    private static TimeSpan Longest(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
