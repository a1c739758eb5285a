using System;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Which width of vectors an instruction set means for float kernels.</summary>
internal static class LaneWidth
{
    /// <summary>16, 8, 4 or 1.</summary>
    public static int Of(InstructionSet instructionSet) => instructionSet.Name switch
    {
        "avx512-vnni" or "avx512" => 16,
        "avx-vnni" or "avx2" => 8,
        "neon-dot" or "neon" => 4,
        "scalar" => 1,
        _ => throw new ArgumentException($"no float kernels are named for the instruction set '{instructionSet.Name}'"),
    };
}
