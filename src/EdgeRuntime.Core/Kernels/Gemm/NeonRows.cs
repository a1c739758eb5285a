using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>NEON: four rows. The products of signed bytes are exact in int16: 4 x 63 x 127 and 2 x 128 x 127 stay below 32768.</summary>
internal readonly unsafe struct NeonRows : IRowVector<Vector128<sbyte>, Vector128<int>, Vector128<float>>
{
    public static int Lanes => 4;

    public static int TileTokens => 8;

    /// <summary>Quants of 8 bits become q - 128, the others fit in a signed byte as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout
    {
        Vector128<byte> w = Vector128.Load(quants);
        return (sizeof(TLayout) == 1 ? w ^ Vector128.Create((byte)0x80) : w).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot<TLayout>(
        Vector128<int> sum, Vector128<sbyte> w0, Vector128<sbyte> w1, Vector128<sbyte> w2, Vector128<sbyte> w3, sbyte* a, int step)
        where TLayout : unmanaged, IExpandedLayout
    {
        Vector128<sbyte> a0 = Four(a), a1 = Four(a + step), a2 = Four(a + (2 * step)), a3 = Four(a + (3 * step));
        Vector128<short> low = AdvSimd.MultiplyWideningLowerAndAdd(
            AdvSimd.MultiplyWideningLower(w0.GetLower(), a0.GetLower()), w1.GetLower(), a1.GetLower());
        Vector128<short> high = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(w0, a0), w1, a1);
        Vector128<int> lowSum, highSum;
        if (sizeof(TLayout) >= 2)
        {
            low = AdvSimd.MultiplyWideningLowerAndAdd(low, w2.GetLower(), a2.GetLower());
            low = AdvSimd.MultiplyWideningLowerAndAdd(low, w3.GetLower(), a3.GetLower());
            high = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpperAndAdd(high, w2, a2), w3, a3);
            lowSum = AdvSimd.AddPairwiseWidening(low);
            highSum = AdvSimd.AddPairwiseWidening(high);
        }
        else
        {
            Vector128<short> low2 = AdvSimd.MultiplyWideningLowerAndAdd(
                AdvSimd.MultiplyWideningLower(w2.GetLower(), a2.GetLower()), w3.GetLower(), a3.GetLower());
            Vector128<short> high2 = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(w2, a2), w3, a3);
            lowSum = AdvSimd.AddPairwiseWideningAndAdd(AdvSimd.AddPairwiseWidening(low), low2);
            highSum = AdvSimd.AddPairwiseWideningAndAdd(AdvSimd.AddPairwiseWidening(high), high2);
        }

        return sum + AdvSimd.Arm64.AddPairwise(lowSum, highSum);
    }

    /// <summary>The factor of the first sum16 in every even lane, that of the second in every odd one.</summary>
    public static Vector128<int> OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => Vector128.Create(Maddubs.OffsetFactors<TLayout>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Total<TLayout>(Vector128<int> sum, short* sum16, Vector128<int> offsetFactors)
        where TLayout : unmanaged, IExpandedLayout
    {
        if (!Maddubs.HasOffset<TLayout>())
        {
            return sum;
        }

        // Both products in each half of the vector; their pairwise sum is the same in all four lanes.
        Vector128<int> products = AdvSimd.MultiplyWideningLower(
            Vector64.Create(*(int*)sum16).AsInt16(), offsetFactors.GetLower().AsInt16());
        return sum + AdvSimd.Arm64.AddPairwise(products, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* values) => Vector128.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAddScaled(Vector128<int> sum, Vector128<float> scale, float* d, Vector128<float> acc) =>
        AdvSimd.FusedMultiplyAdd(acc, AdvSimd.ConvertToSingle(sum), scale * Vector128.Create(*d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> factor, float* value, Vector128<float> acc) =>
        AdvSimd.FusedMultiplyAdd(acc, factor, Vector128.Create(*value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> values, float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Four(sbyte* a) => Vector128.Create(*(int*)a).AsSByte();
}

/// <summary>NEON with the dot product extension: sdot (s8 x s8, four products to int32) in place of the int16 products.</summary>
internal readonly unsafe struct NeonDotRows : IRowVector<Vector128<sbyte>, Vector128<int>, Vector128<float>>
{
    public static int Lanes => 4;

    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout => NeonRows.LoadQuants<TLayout>(quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot<TLayout>(
        Vector128<int> sum, Vector128<sbyte> w0, Vector128<sbyte> w1, Vector128<sbyte> w2, Vector128<sbyte> w3, sbyte* a, int step)
        where TLayout : unmanaged, IExpandedLayout
    {
        sum = Dp.DotProduct(sum, w0, Vector128.Create(*(int*)a).AsSByte());
        sum = Dp.DotProduct(sum, w1, Vector128.Create(*(int*)(a + step)).AsSByte());
        sum = Dp.DotProduct(sum, w2, Vector128.Create(*(int*)(a + (2 * step))).AsSByte());
        return Dp.DotProduct(sum, w3, Vector128.Create(*(int*)(a + (3 * step))).AsSByte());
    }

    public static Vector128<int> OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => NeonRows.OffsetFactors<TLayout>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Total<TLayout>(Vector128<int> sum, short* sum16, Vector128<int> offsetFactors)
        where TLayout : unmanaged, IExpandedLayout => NeonRows.Total<TLayout>(sum, sum16, offsetFactors);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* values) => NeonRows.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAddScaled(Vector128<int> sum, Vector128<float> scale, float* d, Vector128<float> acc) =>
        NeonRows.MultiplyAddScaled(sum, scale, d, acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> factor, float* value, Vector128<float> acc) =>
        NeonRows.MultiplyAdd(factor, value, acc);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> values, float* y) => values.Store(y);
}

/// <inheritdoc/>
internal abstract class NeonTile : PanelTile<NeonRows, Vector128<sbyte>, Vector128<int>, Vector128<float>>, IPanelTile;

/// <inheritdoc/>
internal abstract class NeonDotTile : PanelTile<NeonDotRows, Vector128<sbyte>, Vector128<int>, Vector128<float>>, IPanelTile;
