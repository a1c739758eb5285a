using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>A supply rail of a board whose power can be read.</summary>
/// <param name="Label">The board's name of the rail.</param>
/// <param name="ReadWatts">Reads the present power in watts.</param>
internal sealed record PowerRail(string Label, Func<double> ReadWatts)
{
    /// <summary>The labels of rails that supply the whole board. If one is present, all other rails are parts of it.</summary>
    private static readonly string[] Totals = ["VDD_IN", "POM_5V_IN", "VDD_TOTAL", "system"];

    /// <summary>The labels of rails that are supplied by another measured rail of the same board or not connected.</summary>
    private static readonly string[] Parts = ["VDDQ_VDD2_1V8AO", "NC"];

    /// <summary>Selects rails whose sum counts everything exactly once.</summary>
    public static IReadOnlyList<PowerRail> WithoutOverlap(IReadOnlyList<PowerRail> rails) =>
        rails.FirstOrDefault(rail => Totals.Contains(rail.Label, StringComparer.OrdinalIgnoreCase)) is { } total
            ? [total]
            : [.. rails.Where(rail => !Parts.Contains(rail.Label, StringComparer.OrdinalIgnoreCase))];
}

/// <summary>A sensor that sums the power of rails.</summary>
internal sealed class PowerRailsSensor(string source, IReadOnlyList<PowerRail> rails, TimeSpan latency) : IEnergySensor
{
    public string Name { get; } = $"{source} {string.Join(" + ", rails.Select(rail => rail.Label))}";

    public SensorKind Kind => SensorKind.Power;

    public TimeSpan Latency => latency;

    public double Read() => rails.Sum(rail => rail.ReadWatts());

    public void Dispose()
    {
    }
}
