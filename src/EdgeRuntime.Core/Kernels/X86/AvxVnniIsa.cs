using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-VNNI: eight rows, vpdpbusd (u8 x s8, four products to int32), exact for every level.</summary>
internal readonly unsafe struct AvxVnniIsa : IVector256Isa, IPanelIsa<Vector256<int>>
{
    public static int TileTokens => 4;

    public static int SignedOffset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sums, Vector256<int> q, Vector256<int> a) =>
        AvxVnni.MultiplyWideningAndAdd(sums, q.AsByte(), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Signed(Vector256<int> q) => q;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> w, Vector256<int> a) => Dot(sum, w, a);
}
