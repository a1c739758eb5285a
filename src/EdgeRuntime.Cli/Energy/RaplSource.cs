using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Reads the energy counters of Intel and AMD processors (RAPL) through Linux's powercap: the sum of all packages, and of memory where it
/// is counted separately. Cores and graphics are parts of a package, "psys" contains it, and "intel-rapl-mmio" repeats it, so none of these
/// is added.
/// </summary>
/// <remarks>Source: Documentation/power/powercap/powercap.rst of Linux.</remarks>
internal sealed partial class RaplSource : IEnergySource
{
    private const string Folder = "class/powercap";

    public string Name => "rapl";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints)
    {
        SysfsTree sysfs = options.Sysfs;
        var zones = new List<RaplZone>();
        foreach (string path in sysfs.List(Folder).Where(path => ZoneName().IsMatch(Path.GetFileName(path))))
        {
            string name = sysfs.ReadText(Path.Combine(path, "name")) ?? "";
            bool isPackage = name.StartsWith("package-", StringComparison.Ordinal) && !IsSubzone(path);
            if (!isPackage && name != "dram")
            {
                continue;
            }

            string counter = Path.Combine(path, "energy_uj");
            try
            {
                if (sysfs.ReadNumber(counter) is { } first)
                {
                    long range = sysfs.ReadNumber(Path.Combine(path, "max_energy_range_uj")) ?? 0;
                    zones.Add(new RaplZone(sysfs, counter, IsSubzone(path) ? $"{ParentName(sysfs, path)} {name}" : name, range, first));
                }
            }
            catch (UnauthorizedAccessException)
            {
                hints.Add(
                    $"{counter} is readable by root only: run 'sudo chmod a+r {sysfs.PathOf(Folder)}/*/energy_uj' once after each start of "
                    + "the machine");
                return null;
            }
        }

        return zones.Count > 0 ? new RaplSensor(zones) : null;
    }

    private static bool IsSubzone(string path) => Path.GetFileName(path).Count(letter => letter == ':') > 1;

    private static string ParentName(SysfsTree sysfs, string path) =>
        sysfs.ReadText(Path.Combine(path[..path.LastIndexOf(':')], "name")) ?? "";

    [GeneratedRegex(@"^intel-rapl:\d+(:\d+)?$")]
    private static partial Regex ZoneName();

    /// <summary>Reads the joules of all zones since the sensor was opened.</summary>
    private sealed class RaplSensor(IReadOnlyList<RaplZone> zones) : IEnergySensor
    {
        public string Name { get; } = "RAPL " + string.Join(" + ", zones.Select(zone => zone.Name));

        public SensorKind Kind => SensorKind.Counter;

        /// <summary>Gets the update interval of the processor's counters, about a millisecond.</summary>
        public TimeSpan Latency => TimeSpan.FromMilliseconds(1);

        public double Read() => zones.Sum(zone => zone.ReadMicrojoules()) * 1e-6;

        public void Dispose()
        {
        }
    }

    /// <summary>A counter that wraps to 0 after its maximum. It must be read at least once per wrap.</summary>
    private sealed class RaplZone(SysfsTree sysfs, string path, string name, long range, long first)
    {
        private long _last = first;
        private long _total;

        public string Name => name;

        public long ReadMicrojoules()
        {
            long now = sysfs.RequireNumber(path);
            if (now < _last && range < _last)
            {
                throw new EnergySensorException(
                    $"{path} went from {_last} back to {now}, and max_energy_range_uj does not say where it wraps");
            }

            _total += now - _last + (now < _last ? range : 0);
            _last = now;
            return _total;
        }
    }
}
