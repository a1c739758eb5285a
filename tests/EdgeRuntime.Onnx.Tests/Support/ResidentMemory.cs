using System;
using System.Linq;

namespace EdgeRuntime.Onnx.Tests.Support;

/// <summary>The memory of the process.</summary>
internal static class ResidentMemory
{
    /// <summary>Gets the least growth of several rounds. Other tests of the process grow it once; a leak grows it in every round.</summary>
    public static long LeastGrowth(Action round) => Enumerable.Range(0, 5).Min(_ =>
    {
        long resident = Environment.WorkingSet;
        round();
        return Environment.WorkingSet - resident;
    });
}
