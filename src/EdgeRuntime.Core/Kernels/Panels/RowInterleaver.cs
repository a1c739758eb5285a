using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// Turns a small square of a matrix: what lay one behind the other in its rows then lies side by side in the lanes of a panel. Sixteen
/// bytes of each row at once; a panel line is that of all sixteen rows.
/// </summary>
internal static unsafe class RowInterleaver
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <summary>Whether this machine has the instructions; the rest of this class needs them.</summary>
    public static bool IsSupported => Sse2.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>Four rows of four dwords: dword k of row i goes to panel[16 k + i].</summary>
    /// <param name="row">The first row.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="flip">Changes these bits.</param>
    /// <param name="panel">Place of the first row in the first line.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourRows(byte* row, nint rowBytes, Vector128<uint> flip, uint* panel)
    {
        Vector128<uint> a = Vector128.Load((uint*)row);
        Vector128<uint> b = Vector128.Load((uint*)(row + rowBytes));
        Vector128<uint> c = Vector128.Load((uint*)(row + (2 * rowBytes)));
        Vector128<uint> d = Vector128.Load((uint*)(row + (3 * rowBytes)));
        Vector128<ulong> abLow = ZipLow(a, b).AsUInt64(), abHigh = ZipHigh(a, b).AsUInt64();
        Vector128<ulong> cdLow = ZipLow(c, d).AsUInt64(), cdHigh = ZipHigh(c, d).AsUInt64();
        (ZipLow(abLow, cdLow).AsUInt32() ^ flip).Store(panel);
        (ZipHigh(abLow, cdLow).AsUInt32() ^ flip).Store(panel + PanelRows);
        (ZipLow(abHigh, cdHigh).AsUInt32() ^ flip).Store(panel + (2 * PanelRows));
        (ZipHigh(abHigh, cdHigh).AsUInt32() ^ flip).Store(panel + (3 * PanelRows));
    }

    /// <summary>Eight rows of eight words: word k of row i goes to panel[16 k + i].</summary>
    /// <param name="row">The first row.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="panel">Place of the first row in the first line.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EightRows(byte* row, nint rowBytes, ushort* panel)
    {
        Quarter(row, rowBytes, out Vector128<uint> a0, out Vector128<uint> a1, out Vector128<uint> a2, out Vector128<uint> a3);
        row += 4 * rowBytes;
        Quarter(row, rowBytes, out Vector128<uint> b0, out Vector128<uint> b1, out Vector128<uint> b2, out Vector128<uint> b3);
        StoreTwo(a0, b0, panel);
        StoreTwo(a1, b1, panel + (2 * PanelRows));
        StoreTwo(a2, b2, panel + (4 * PanelRows));
        StoreTwo(a3, b3, panel + (6 * PanelRows));
    }

    /// <summary>Four rows of eight words: vector k holds words 2 k and 2 k + 1 of all four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(
        byte* row, nint rowBytes, out Vector128<uint> v0, out Vector128<uint> v1, out Vector128<uint> v2, out Vector128<uint> v3)
    {
        Vector128<ushort> a = Vector128.Load((ushort*)row);
        Vector128<ushort> b = Vector128.Load((ushort*)(row + rowBytes));
        Vector128<ushort> c = Vector128.Load((ushort*)(row + (2 * rowBytes)));
        Vector128<ushort> d = Vector128.Load((ushort*)(row + (3 * rowBytes)));
        Vector128<uint> abLow = ZipLow(a, b).AsUInt32(), abHigh = ZipHigh(a, b).AsUInt32();
        Vector128<uint> cdLow = ZipLow(c, d).AsUInt32(), cdHigh = ZipHigh(c, d).AsUInt32();
        v0 = ZipLow(abLow, cdLow);
        v1 = ZipHigh(abLow, cdLow);
        v2 = ZipLow(abHigh, cdHigh);
        v3 = ZipHigh(abHigh, cdHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTwo(Vector128<uint> firstFour, Vector128<uint> lastFour, ushort* panel)
    {
        ZipLow(firstFour.AsUInt64(), lastFour.AsUInt64()).AsUInt16().Store(panel);
        ZipHigh(firstFour.AsUInt64(), lastFour.AsUInt64()).AsUInt16().Store(panel + PanelRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> ZipLow(Vector128<ushort> a, Vector128<ushort> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> ZipHigh(Vector128<ushort> a, Vector128<ushort> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ZipLow(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ZipHigh(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> ZipLow(Vector128<ulong> a, Vector128<ulong> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> ZipHigh(Vector128<ulong> a, Vector128<ulong> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
