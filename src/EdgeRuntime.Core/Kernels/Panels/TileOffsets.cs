using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>What a tile subtracts for a code's offset, as a factor of the activations' sums.</summary>
internal static unsafe class TileOffsets
{
    /// <summary>
    /// Whether sets that multiply levels of eight bits as level - 128, which takes 128 of the offset with it, have any of it left.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLeft<TQuants>()
        where TQuants : unmanaged, IPanelQuants => TQuants.Offset != (sizeof(TQuants) == IQuantCode.Signed ? 128 : 0);

    /// <summary>The factors for what <see cref="IsLeft"/> means.</summary>
    public static int Left<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => Of(scales, TQuants.Offset - (sizeof(TQuants) == IQuantCode.Signed ? 128 : 0));

    /// <summary>A pair of int16: minus the offset for both sums, or for the upper one alone where a block has two scales.</summary>
    public static int Of(int scales, int offset) => (-offset << 16) | (scales == 1 ? -offset & 0xffff : 0);
}
