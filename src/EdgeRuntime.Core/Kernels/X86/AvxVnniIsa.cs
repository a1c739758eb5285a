using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-VNNI: eight rows, vpdpbusd (u8 x s8, four products to int32), exact for every level.</summary>
internal readonly unsafe struct AvxVnniIsa : IVector256Isa, IPanelIsa<Vector256<int>>
{
    public static int TileTokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sums, Vector256<int> q, Vector256<int> a) =>
        AvxVnni.MultiplyWideningAndAdd(sums, q.AsByte(), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> q, Vector256<int> a)
    {
        Vector256<sbyte> w = q.AsSByte() ^ Vector256.Create((sbyte)-128);
        return AvxVnni.MultiplyWideningAndAdd(sum, Avx2.Abs(w), Avx2.Sign(a.AsSByte(), w));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileQuants<TQuants>(byte* quants)
        where TQuants : unmanaged, IPanelQuants => Vector256.Load((int*)quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileDot<TQuants>(
        Vector256<int> sum, Vector256<int> w0, Vector256<int> w1, Vector256<int> w2, Vector256<int> w3, sbyte* a, int step)
        where TQuants : unmanaged, IPanelQuants
    {
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w0.AsByte(), Vector256.Create(*(int*)a).AsSByte());
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w1.AsByte(), Vector256.Create(*(int*)(a + step)).AsSByte());
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w2.AsByte(), Vector256.Create(*(int*)(a + (2 * step))).AsSByte());
        return AvxVnni.MultiplyWideningAndAdd(sum, w3.AsByte(), Vector256.Create(*(int*)(a + (3 * step))).AsSByte());
    }

    public static Vector256<int> TileOffsets<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => Vector256.Create(Panels.TileOffsets.Of(scales, TQuants.Offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileTotal<TQuants>(Vector256<int> sum, short* sum16, Vector256<int> offsets)
        where TQuants : unmanaged, IPanelQuants => TQuants.Offset == 0
            ? sum
            : AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Create(*(int*)sum16).AsInt16(), offsets.AsInt16());
}
