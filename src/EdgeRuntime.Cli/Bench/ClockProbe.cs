using System;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// Measures the clock of a core under load: each step of a chain of dependent additions and exclusive ors takes one cycle on
/// every processor that .NET 10 runs on.
/// </summary>
internal static class ClockProbe
{
    public const string Source = "calibrated by a chain of dependent one-cycle operations, one core busy";

    private const int Repeats = 15;
    private const int Rounds = 100_000;
    private const int OperationsPerRound = 32;

    /// <summary>Measures the clock in GHz; null if repeats differ by more than 5 %.</summary>
    public static double? MeasureGigahertz()
    {
        double[] clocks = new double[Repeats];
        ulong value = (ulong)Environment.TickCount64;
        for (int i = 0; i < clocks.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            value = Chain(value, (ulong)i | 1, 0x9E3779B97F4A7C15);
            clocks[i] = (double)Rounds * OperationsPerRound / Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        GC.KeepAlive(value);
        double[] later = [.. clocks.Skip(Repeats / 3)];
        double spread = Statistics.Percentile(later, 75) / Statistics.Percentile(later, 25);
        return spread < 1.05 ? Statistics.Percentile(later, 75) : null;
    }

    /// <summary>Alternating operations, so that no compiler can fold two into one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static ulong Chain(ulong x, ulong a, ulong b)
    {
        for (int round = 0; round < Rounds; round++)
        {
            x += a; x ^= b; x += a; x ^= b; x += a; x ^= b; x += a; x ^= b;
            x += a; x ^= b; x += a; x ^= b; x += a; x ^= b; x += a; x ^= b;
            x += a; x ^= b; x += a; x ^= b; x += a; x ^= b; x += a; x ^= b;
            x += a; x ^= b; x += a; x ^= b; x += a; x ^= b; x += a; x ^= b;
        }

        return x;
    }
}
