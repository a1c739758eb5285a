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
    public static Vector128<int> DotSigned(Vector128<int> sum, Vector128<int> w, Vector128<int> a) => Dot(sum, w, a);
}
