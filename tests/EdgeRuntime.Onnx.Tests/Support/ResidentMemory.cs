using System;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Support;

/// <summary>The memory of the process.</summary>
internal static class ResidentMemory
{
    private const int Rounds = 40;
    private const long Bound = 1 << 20;

    /// <summary>
    /// Checks that a round grows the process by less than a MiB. Other tests of the process grow it, too, but not in every round; a leak
    /// does.
    /// </summary>
    public static void AssertNoGrowth(Action round)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Rounds && least > Bound; i++)
        {
            long resident = Environment.WorkingSet;
            round();
            least = Math.Min(least, Environment.WorkingSet - resident);
        }

        Assert.InRange(least, long.MinValue, Bound);
    }
}
