using System.Linq;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Core.Tests.Kernels;

/// <summary>
/// Widths of float vectors worth running here: those that the machine has, and 4 and 1, which run everywhere. (Wider ones would
/// run in software, much too slowly for tests.)
/// </summary>
internal static class LaneWidths
{
    /// <summary>Widest first.</summary>
    public static int[] All { get; } =
    [
        .. new[] { (16, Vector512.IsHardwareAccelerated), (8, Vector256.IsHardwareAccelerated), (4, true), (1, true) }
            .Where(width => width.Item2).Select(width => width.Item1),
    ];

    public static bool Contains(int width) => All.Contains(width);
}
