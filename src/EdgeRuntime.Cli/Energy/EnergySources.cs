using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Lists all sources in the order in which they are tried.</summary>
internal static class EnergySources
{
    /// <summary>
    /// Gets the sources: the user's command first, then sensors of the whole board, then the processor, and last the battery, which is
    /// slow.
    /// </summary>
    public static IReadOnlyList<IEnergySource> All { get; } =
    [
        new CommandSource(),
        new HwmonSource(),
        new JetsonSource(),
        new RaplSource(),
        new WindowsEnergyMeterSource(),
        new PowerMetricsSource(),
        new BatterySource(),
    ];
}
