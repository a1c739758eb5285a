using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>NEON with the dot product extension: four rows, sdot (s8 x s8, four products to int32).</summary>
internal readonly unsafe struct NeonDotIsa : IVector128Isa, IPanelIsa<Vector128<int>>
{
    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sums, Vector128<int> q, Vector128<int> a) =>
        Dp.DotProduct(sums, q.AsSByte(), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(Vector128<int> sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSigned(Vector128<int> sum, Vector128<int> q, Vector128<int> a) =>
        Dp.DotProduct(sum, q.AsSByte() ^ Vector128.Create((sbyte)-128), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileQuants<TQuants>(byte* quants)
        where TQuants : unmanaged, IPanelQuants => NeonIsa.TileQuants<TQuants>(quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileDot<TQuants>(
        Vector128<int> sum, Vector128<int> w0, Vector128<int> w1, Vector128<int> w2, Vector128<int> w3, sbyte* a, int step)
        where TQuants : unmanaged, IPanelQuants
    {
        sum = Dp.DotProduct(sum, w0.AsSByte(), Vector128.Create(*(int*)a).AsSByte());
        sum = Dp.DotProduct(sum, w1.AsSByte(), Vector128.Create(*(int*)(a + step)).AsSByte());
        sum = Dp.DotProduct(sum, w2.AsSByte(), Vector128.Create(*(int*)(a + (2 * step))).AsSByte());
        return Dp.DotProduct(sum, w3.AsSByte(), Vector128.Create(*(int*)(a + (3 * step))).AsSByte());
    }

    public static Vector128<int> TileOffsets<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => NeonIsa.TileOffsets<TQuants>(scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileTotal<TQuants>(Vector128<int> sum, short* sum16, Vector128<int> offsets)
        where TQuants : unmanaged, IPanelQuants => NeonIsa.TileTotal<TQuants>(sum, sum16, offsets);
}
