using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>One line of a board's supply whose power can be read.</summary>
/// <param name="Label">The board's name for it.</param>
/// <param name="ReadWatts">Watts now.</param>
internal sealed record PowerRail(string Label, Func<double> ReadWatts)
{
    /// <summary>Labels of rails through which everything flows: where one is there, the others are parts of it.</summary>
    private static readonly string[] Totals = ["VDD_IN", "POM_5V_IN", "VDD_TOTAL", "system"];

    /// <summary>Rails that are fed by another measured rail of the same board, or not connected.</summary>
    private static readonly string[] Parts = ["VDDQ_VDD2_1V8AO", "NC"];

    /// <summary>The rails whose sum counts everything once.</summary>
    public static IReadOnlyList<PowerRail> WithoutOverlap(IReadOnlyList<PowerRail> rails) =>
        rails.FirstOrDefault(rail => Totals.Contains(rail.Label, StringComparer.OrdinalIgnoreCase)) is { } total
            ? [total]
            : [.. rails.Where(rail => !Parts.Contains(rail.Label, StringComparer.OrdinalIgnoreCase))];
}

/// <summary>The sum of some rails.</summary>
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
