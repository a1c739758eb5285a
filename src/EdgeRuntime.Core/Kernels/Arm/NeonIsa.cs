using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
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
    public static Vector128<int> DotSigned(Vector128<int> sum, Vector128<int> w, Vector128<int> a) =>
        AdvSimd.AddPairwiseWideningAndAdd(sum, Pairs(w.AsSByte(), a.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> w, Vector128<sbyte> a) => AdvSimd.Arm64.AddPairwise(
        AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()), AdvSimd.MultiplyWideningUpper(w, a));
}
