using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>
/// AVX2 with FMA: eight rows, vpmaddubsw (u8 x s8 pairs to int16) and vpmaddwd. Levels of eight bits go in as |q - 128| with the sign moved
/// to the activation: 2 x 128 x 127 is 32512, one step.
/// </summary>
internal readonly unsafe struct Avx2Isa : IVector256Isa, IPanelIsa<Vector256<int>>
{
    public static int TileTokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sums, Vector256<int> q, Vector256<int> a) =>
        (sums.AsInt16() + Avx2.MultiplyAddAdjacent(q.AsByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sums) => Widen(sums.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> q, Vector256<int> a)
    {
        Vector256<sbyte> w = q.AsSByte() ^ Vector256.Create((sbyte)-128);
        return sum + Widen(Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(a.AsSByte(), w)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileQuants<TQuants>(byte* quants)
        where TQuants : unmanaged, IPanelQuants
    {
        Vector256<byte> w = Vector256.Load(quants);
        return (sizeof(TQuants) == IQuantCode.Signed ? w ^ Vector256.Create((byte)0x80) : w).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileDot<TQuants>(
        Vector256<int> sum, Vector256<int> w0, Vector256<int> w1, Vector256<int> w2, Vector256<int> w3, sbyte* a, int step)
        where TQuants : unmanaged, IPanelQuants
    {
        if (sizeof(TQuants) == 8)
        {
            return (sum.AsInt16() + ((Pairs<TQuants>(w0, a) + Pairs<TQuants>(w1, a + step))
                + (Pairs<TQuants>(w2, a + (2 * step)) + Pairs<TQuants>(w3, a + (3 * step))))).AsInt32();
        }

        if (sizeof(TQuants) == 4)
        {
            return sum + Widen((Pairs<TQuants>(w0, a) + Pairs<TQuants>(w1, a + step))
                + (Pairs<TQuants>(w2, a + (2 * step)) + Pairs<TQuants>(w3, a + (3 * step))));
        }

        if (sizeof(TQuants) == 2)
        {
            return sum + Widen(Pairs<TQuants>(w0, a) + Pairs<TQuants>(w1, a + step))
                + Widen(Pairs<TQuants>(w2, a + (2 * step)) + Pairs<TQuants>(w3, a + (3 * step)));
        }

        return sum + Widen(Pairs<TQuants>(w0, a)) + Widen(Pairs<TQuants>(w1, a + step))
            + Widen(Pairs<TQuants>(w2, a + (2 * step))) + Widen(Pairs<TQuants>(w3, a + (3 * step)));
    }

    public static Vector256<int> TileOffsets<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => Vector256.Create(Panels.TileOffsets.Left<TQuants>(scales));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TileTotal<TQuants>(Vector256<int> sum, short* sum16, Vector256<int> offsets)
        where TQuants : unmanaged, IPanelQuants
    {
        if (sizeof(TQuants) == 8)
        {
            sum = Widen(sum.AsInt16());
        }

        return Panels.TileOffsets.IsLeft<TQuants>()
            ? sum + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), offsets.AsInt16())
            : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs<TQuants>(Vector256<int> w, sbyte* a)
        where TQuants : unmanaged, IPanelQuants => sizeof(TQuants) != IQuantCode.Signed
            ? Avx2.MultiplyAddAdjacent(w.AsByte(), Vector256.Create(*(int*)a).AsSByte())
            : Avx2.MultiplyAddAdjacent(Avx2.Abs(w.AsSByte()), Avx2.Sign(Vector256.Create(*(int*)a).AsSByte(), w.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
}
