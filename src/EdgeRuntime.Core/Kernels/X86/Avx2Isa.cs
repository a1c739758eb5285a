using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    public static Vector256<int> Widen(Vector256<int> sums) => Avx2.MultiplyAddAdjacent(sums.AsInt16(), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Signed(Vector256<int> q) => (q.AsByte() ^ Vector256.Create((byte)0x80)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> w, Vector256<int> a) =>
        sum + Widen(Avx2.MultiplyAddAdjacent(Avx2.Abs(w.AsSByte()), Avx2.Sign(a.AsSByte(), w.AsSByte())).AsInt32());
}
