using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// AVX-512BW: sixteen rows, vpmaddubsw (u8 x s8 pairs to int16) and vpmaddwd. The int16 sums are exact while the number of
/// steps times 2 x MaxQuant x 127 stays below 32768: 8 steps with 4 bits, 4 with 5, 2 with 6. Quants of 8 bits go in as
/// |q - 128| with the sign moved to the activation: 2 x 128 x 127 is 32512, one step.
/// </summary>
internal readonly unsafe struct Avx512Rows : IRowVector<Vector512<byte>, Vector512<int>, Vector512<float>>
{
    public static int Lanes => 16;

    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout
    {
        Vector512<byte> w = Vector512.Load(quants);
        return sizeof(TLayout) == 1 ? w ^ Vector512.Create((byte)0x80) : w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot<TLayout>(
        Vector512<int> sum, Vector512<byte> w0, Vector512<byte> w1, Vector512<byte> w2, Vector512<byte> w3, sbyte* a, int step)
        where TLayout : unmanaged, IExpandedLayout
    {
        if (sizeof(TLayout) == 8)
        {
            return (sum.AsInt16() + ((Pairs<TLayout>(w0, a) + Pairs<TLayout>(w1, a + step))
                + (Pairs<TLayout>(w2, a + (2 * step)) + Pairs<TLayout>(w3, a + (3 * step))))).AsInt32();
        }

        if (sizeof(TLayout) == 4)
        {
            return sum + Widen((Pairs<TLayout>(w0, a) + Pairs<TLayout>(w1, a + step))
                + (Pairs<TLayout>(w2, a + (2 * step)) + Pairs<TLayout>(w3, a + (3 * step))));
        }

        if (sizeof(TLayout) >= 2)
        {
            return sum + Widen(Pairs<TLayout>(w0, a) + Pairs<TLayout>(w1, a + step))
                + Widen(Pairs<TLayout>(w2, a + (2 * step)) + Pairs<TLayout>(w3, a + (3 * step)));
        }

        return sum + Widen(Pairs<TLayout>(w0, a)) + Widen(Pairs<TLayout>(w1, a + step))
            + Widen(Pairs<TLayout>(w2, a + (2 * step))) + Widen(Pairs<TLayout>(w3, a + (3 * step)));
    }

    public static Vector512<int> OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => Vector512.Create(Maddubs.OffsetFactors<TLayout>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Total<TLayout>(Vector512<int> sum, short* sum16, Vector512<int> offsetFactors)
        where TLayout : unmanaged, IExpandedLayout
    {
        if (sizeof(TLayout) == 8)
        {
            sum = Widen(sum.AsInt16());
        }

        return Maddubs.HasOffset<TLayout>()
            ? sum + Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), offsetFactors.AsInt16())
            : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* values) => Vector512.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAddScaled(Vector512<int> sum, Vector512<float> scale, float* d, Vector512<float> acc) =>
        Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(sum), scale * Vector512.Create(*d), acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> factor, float* value, Vector512<float> acc) =>
        Avx512F.FusedMultiplyAdd(factor, Vector512.Create(*value), acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs<TLayout>(Vector512<byte> w, sbyte* a)
        where TLayout : unmanaged, IExpandedLayout => sizeof(TLayout) >= 2
            ? Avx512BW.MultiplyAddAdjacent(w, Vector512.Create(*(int*)a).AsSByte())
            : SignedPairs(w.AsSByte(), Vector512.Create(*(int*)a).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> SignedPairs(Vector512<sbyte> w, Vector512<sbyte> a) => Avx512BW.MultiplyAddAdjacent(
        Avx512BW.Abs(w), Vector512.ConditionalSelect(Vector512.LessThan(w, Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - a, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) => Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
}

/// <summary>What the sets that multiply bytes with vpmaddubsw share.</summary>
internal static unsafe class Maddubs
{
    /// <summary>Quants of 8 bits are multiplied as q - 128, which takes 128 of the offset with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasOffset<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => TLayout.Offset != (sizeof(TLayout) == 1 ? 128 : 0);

    /// <summary>The factors for what <see cref="HasOffset"/> leaves.</summary>
    public static int OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout =>
        OffsetFactors(TLayout.Scales, TLayout.Offset - (sizeof(TLayout) == 1 ? 128 : 0));

    /// <summary>As <see cref="IRowVector{TBytes,TInts,TFloats}.OffsetFactors"/>.</summary>
    public static int OffsetFactors(int scales, int offset) => (-offset << 16) | (scales == 1 ? -offset & 0xffff : 0);
}

/// <inheritdoc/>
internal abstract class Avx512Tile : PanelTile<Avx512Rows, Vector512<byte>, Vector512<int>, Vector512<float>>, IPanelTile;
