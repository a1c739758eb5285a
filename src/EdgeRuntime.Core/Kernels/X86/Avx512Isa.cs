using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    public static Vector512<int> Signed(Vector512<int> q) => (q.AsByte() ^ Vector512.Create((byte)0x80)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotSigned(Vector512<int> sum, Vector512<int> w, Vector512<int> a)
    {
        Vector512<sbyte> isNegative = Vector512.LessThan(w.AsSByte(), Vector512<sbyte>.Zero);
        Vector512<sbyte> signed = Vector512.ConditionalSelect(isNegative, Vector512<sbyte>.Zero - a.AsSByte(), a.AsSByte());
        return sum + Widen(Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(w.AsSByte()), signed));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) => Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
}
