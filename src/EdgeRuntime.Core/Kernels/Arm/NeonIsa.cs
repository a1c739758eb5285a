using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>
/// NEON: four rows, signed bytes multiplied into int16 and added in pairs. A lane's products are exact in int16: 4 x 63 x 127 and 2 x 128 x
/// 127 stay below 32768.
/// </summary>
internal readonly unsafe struct NeonIsa : IVector128Isa, IPanelIsa<Vector128<int>>
{
    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sums, Vector128<int> q, Vector128<int> a) =>
        (sums.AsInt16() + Pairs(q.AsSByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(Vector128<int> sums) => AdvSimd.AddPairwiseWidening(sums.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSigned(Vector128<int> sum, Vector128<int> q, Vector128<int> a) =>
        AdvSimd.AddPairwiseWideningAndAdd(sum, Pairs(q.AsSByte() ^ Vector128.Create((sbyte)-128), a.AsSByte()));

    /// <summary>Levels of eight bits become level - 128, the others fit in a signed byte as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileQuants<TQuants>(byte* quants)
        where TQuants : unmanaged, IPanelQuants
    {
        Vector128<byte> w = Vector128.Load(quants);
        return (sizeof(TQuants) == IQuantCode.Signed ? w ^ Vector128.Create((byte)0x80) : w).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileDot<TQuants>(
        Vector128<int> sum, Vector128<int> w0, Vector128<int> w1, Vector128<int> w2, Vector128<int> w3, sbyte* a, int step)
        where TQuants : unmanaged, IPanelQuants
    {
        Vector128<sbyte> a0 = Four(a), a1 = Four(a + step), a2 = Four(a + (2 * step)), a3 = Four(a + (3 * step));
        Vector128<sbyte> b0 = w0.AsSByte(), b1 = w1.AsSByte(), b2 = w2.AsSByte(), b3 = w3.AsSByte();
        Vector128<short> low = AdvSimd.MultiplyWideningLowerAndAdd(
            AdvSimd.MultiplyWideningLower(b0.GetLower(), a0.GetLower()), b1.GetLower(), a1.GetLower());
        Vector128<short> high = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(b0, a0), b1, a1);
        Vector128<int> lowSum, highSum;
        if (sizeof(TQuants) is 2 or 4 or 8)
        {
            low = AdvSimd.MultiplyWideningLowerAndAdd(low, b2.GetLower(), a2.GetLower());
            low = AdvSimd.MultiplyWideningLowerAndAdd(low, b3.GetLower(), a3.GetLower());
            high = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpperAndAdd(high, b2, a2), b3, a3);
            lowSum = AdvSimd.AddPairwiseWidening(low);
            highSum = AdvSimd.AddPairwiseWidening(high);
        }
        else
        {
            Vector128<short> low2 = AdvSimd.MultiplyWideningLowerAndAdd(
                AdvSimd.MultiplyWideningLower(b2.GetLower(), a2.GetLower()), b3.GetLower(), a3.GetLower());
            Vector128<short> high2 = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(b2, a2), b3, a3);
            lowSum = AdvSimd.AddPairwiseWideningAndAdd(AdvSimd.AddPairwiseWidening(low), low2);
            highSum = AdvSimd.AddPairwiseWideningAndAdd(AdvSimd.AddPairwiseWidening(high), high2);
        }

        return sum + AdvSimd.Arm64.AddPairwise(lowSum, highSum);
    }

    /// <summary>The factor of the first sum16 in every even lane, that of the second in every odd one.</summary>
    public static Vector128<int> TileOffsets<TQuants>(int scales)
        where TQuants : unmanaged, IPanelQuants => Vector128.Create(Panels.TileOffsets.Left<TQuants>(scales));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TileTotal<TQuants>(Vector128<int> sum, short* sum16, Vector128<int> offsets)
        where TQuants : unmanaged, IPanelQuants
    {
        if (!Panels.TileOffsets.IsLeft<TQuants>())
        {
            return sum;
        }

        // Both products in each half of the vector; their pairwise sum is the same in all four lanes.
        Vector128<int> products = AdvSimd.MultiplyWideningLower(Vector64.Create(*(int*)sum16).AsInt16(), offsets.GetLower().AsInt16());
        return sum + AdvSimd.Arm64.AddPairwise(products, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> w, Vector128<sbyte> a) => AdvSimd.Arm64.AddPairwise(
        AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()), AdvSimd.MultiplyWideningUpper(w, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Four(sbyte* a) => Vector128.Create(*(int*)a).AsSByte();
}
