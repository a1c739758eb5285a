using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>AVX2 with FMA: eight rows, multiplied as in <see cref="Avx512Rows"/>.</summary>
internal readonly unsafe struct Avx2Rows : IRowVector<Vector256<byte>, Vector256<int>, Vector256<float>>
{
    public static int Lanes => 8;

    public static int TileTokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout
    {
        Vector256<byte> w = Vector256.Load(quants);
        return sizeof(TLayout) == 1 ? w ^ Vector256.Create((byte)0x80) : w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TLayout>(
        Vector256<int> sum, Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, sbyte* a, int step)
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

    public static Vector256<int> OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => Vector256.Create(Maddubs.OffsetFactors<TLayout>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total<TLayout>(Vector256<int> sum, short* sum16, Vector256<int> offsetFactors)
        where TLayout : unmanaged, IExpandedLayout
    {
        if (sizeof(TLayout) == 8)
        {
            sum = Widen(sum.AsInt16());
        }

        return Maddubs.HasOffset<TLayout>()
            ? sum + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), offsetFactors.AsInt16())
            : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* values) => Vector256.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAddScaled(Vector256<int> sum, Vector256<float> scale, float* d, Vector256<float> acc) =>
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(sum), scale * Vector256.Create(*d), acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> factor, float* value, Vector256<float> acc) =>
        Fma.MultiplyAdd(factor, Vector256.Create(*value), acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> values, float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs<TLayout>(Vector256<byte> w, sbyte* a)
        where TLayout : unmanaged, IExpandedLayout => sizeof(TLayout) >= 2
            ? Avx2.MultiplyAddAdjacent(w, Vector256.Create(*(int*)a).AsSByte())
            : Avx2.MultiplyAddAdjacent(Avx2.Abs(w.AsSByte()), Avx2.Sign(Vector256.Create(*(int*)a).AsSByte(), w.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
}

/// <summary>AVX-VNNI: eight rows, vpdpbusd (u8 x s8, four products to int32), exact for every layout.</summary>
internal readonly unsafe struct AvxVnniRows : IRowVector<Vector256<byte>, Vector256<int>, Vector256<float>>
{
    public static int Lanes => 8;

    public static int TileTokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout => Vector256.Load(quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot<TLayout>(
        Vector256<int> sum, Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, sbyte* a, int step)
        where TLayout : unmanaged, IExpandedLayout
    {
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w0, Vector256.Create(*(int*)a).AsSByte());
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w1, Vector256.Create(*(int*)(a + step)).AsSByte());
        sum = AvxVnni.MultiplyWideningAndAdd(sum, w2, Vector256.Create(*(int*)(a + (2 * step))).AsSByte());
        return AvxVnni.MultiplyWideningAndAdd(sum, w3, Vector256.Create(*(int*)(a + (3 * step))).AsSByte());
    }

    public static Vector256<int> OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => Vector256.Create(Maddubs.OffsetFactors(TLayout.Scales, TLayout.Offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total<TLayout>(Vector256<int> sum, short* sum16, Vector256<int> offsetFactors)
        where TLayout : unmanaged, IExpandedLayout => TLayout.Offset == 0
            ? sum
            : AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Create(*(int*)sum16).AsInt16(), offsetFactors.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* values) => Avx2Rows.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAddScaled(Vector256<int> sum, Vector256<float> scale, float* d, Vector256<float> acc) =>
        Avx2Rows.MultiplyAddScaled(sum, scale, d, acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> factor, float* value, Vector256<float> acc) =>
        Avx2Rows.MultiplyAdd(factor, value, acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> values, float* y) => values.Store(y);
}

/// <inheritdoc/>
internal abstract class Avx2Tile : PanelTile<Avx2Rows, Vector256<byte>, Vector256<int>, Vector256<float>>, IPanelTile;

/// <inheritdoc/>
internal abstract class AvxVnniTile : PanelTile<AvxVnniRows, Vector256<byte>, Vector256<int>, Vector256<float>>, IPanelTile;
