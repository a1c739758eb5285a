using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>
/// AVX-512BW: sixteen rows, vpmaddubsw (u8 x s8 pairs to int16) and vpmaddwd. Levels of eight bits go in as |q - 128| with the sign moved
/// to the activation: 2 x 128 x 127 is 32512, one step.
/// </summary>
internal readonly unsafe struct Avx512Isa : IVector512Isa, IPanelIsa<Vector512<int>>
{
    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sums, Vector512<int> q, Vector512<int> a) =>
        (sums.AsInt16() + Avx512BW.MultiplyAddAdjacent(q.AsByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<int> sums) => Widen(sums.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotSigned(Vector512<int> sum, Vector512<int> q, Vector512<int> a)
    {
        Vector512<sbyte> w = q.AsSByte() ^ Vector512.Create((sbyte)-128);
        return sum + Widen(SignedPairs(w, a.AsSByte()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> TileQuants<TQuants>(byte* quants)
        where TQuants : unmanaged, IPanelQuants
    {
        Vector512<byte> w = Vector512.Load(quants);
        return (sizeof(TQuants) == IQuantCode.Signed ? w ^ Vector512.Create((byte)0x80) : w).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> TileDot<TQuants>(
        Vector512<int> sum, Vector512<int> w0, Vector512<int> w1, Vector512<int> w2, Vector512<int> w3, sbyte* a, int step)
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

    public static Vector512<int> TileOffsets<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => Vector512.Create(Panels.TileOffsets.Left<TQuants>(scales));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> TileTotal<TQuants>(Vector512<int> sum, short* sum16, Vector512<int> offsets)
        where TQuants : unmanaged, IPanelQuants
    {
        if (sizeof(TQuants) == 8)
        {
            sum = Widen(sum.AsInt16());
        }

        return Panels.TileOffsets.IsLeft<TQuants>()
            ? sum + Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), offsets.AsInt16())
            : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs<TQuants>(Vector512<int> w, sbyte* a)
        where TQuants : unmanaged, IPanelQuants => sizeof(TQuants) != IQuantCode.Signed
            ? Avx512BW.MultiplyAddAdjacent(w.AsByte(), Vector512.Create(*(int*)a).AsSByte())
            : SignedPairs(w.AsSByte(), Vector512.Create(*(int*)a).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> SignedPairs(Vector512<sbyte> w, Vector512<sbyte> a) => Avx512BW.MultiplyAddAdjacent(
        Avx512BW.Abs(w), Vector512.ConditionalSelect(Vector512.LessThan(w, Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - a, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) => Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
}
