using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Every source, in the order in which they are tried.</summary>
internal static class EnergySources
{
    /// <summary>
    /// What the user named comes first, then what sees the whole board, then the processor, and last the battery, which is slow.
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
