using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-VNNI: eight rows, bytes multiplied by vpdpbusd into int32.</summary>
internal readonly unsafe struct AvxVnniIsa : IPanelIsa<AvxVnniIsa>
{
    private readonly Vector256<int> _lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private AvxVnniIsa(Vector256<int> lanes) => _lanes = lanes;

    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Load(void* source) => new(Vector256.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(AvxVnniIsa value, void* destination) => value._lanes.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Activations(sbyte* a) => new(Vector256.Create(*(int*)a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa LowNibbles(AvxVnniIsa x) => new(x._lanes & Vector256.Create(0x0f0f0f0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa HighNibbles(AvxVnniIsa x) => LowNibbles(new((x._lanes.AsUInt16() >>> 4).AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa AddFifthBit(AvxVnniIsa q, AvxVnniIsa plane, int g) => new(q._lanes | (Shift(plane, 4 - g) & Vector256.Create(0x10101010)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa AddHighPair(AvxVnniIsa q, AvxVnniIsa plane, int i) => new(q._lanes | (Shift(plane, 4 - (2 * i)) & Vector256.Create(0x30303030)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Dot(AvxVnniIsa sums, AvxVnniIsa q, AvxVnniIsa a) =>
        new(AvxVnni.MultiplyWideningAndAdd(sums._lanes, q._lanes.AsByte(), a._lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Widen(AvxVnniIsa sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa DotSigned(AvxVnniIsa sum, AvxVnniIsa q, AvxVnniIsa a)
    {
        Vector256<sbyte> w = q._lanes.AsSByte() ^ Vector256.Create((sbyte)-128);
        return new(AvxVnni.MultiplyWideningAndAdd(sum._lanes, Avx2.Abs(w), Avx2.Sign(a._lanes.AsSByte(), w)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa SubtractSums(AvxVnniIsa sum, short* sum16, int first, int second)
    {
        Vector256<int> factors = Vector256.Create((-first & 0xffff) | (-second << 16));
        return new(sum._lanes + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), factors.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Add(AvxVnniIsa x, AvxVnniIsa y) => new(x._lanes + y._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector256<int> bits = (Avx2.ConvertToVector256Int32((short*)source) << 13) & Vector256.Create(unchecked((int)0x8fffe000));
        return new((bits.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa LoadBytes(byte* source) => Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa LoadSignedBytes(byte* source) => Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Multiply(AvxVnniIsa x, AvxVnniIsa y) => Floats(x._lanes.AsSingle() * y._lanes.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa Negate(AvxVnniIsa x) => new(x._lanes ^ Vector256.Create(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa AddScaled(AvxVnniIsa acc, AvxVnniIsa isum, AvxVnniIsa scale, float* d) =>
        Floats(Fma.MultiplyAdd(Avx.ConvertToVector256Single(isum._lanes), scale._lanes.AsSingle() * Vector256.Create(*d), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AvxVnniIsa AddMultiplied(AvxVnniIsa acc, AvxVnniIsa x, float* value) =>
        Floats(Fma.MultiplyAdd(x._lanes.AsSingle(), Vector256.Create(*value), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static AvxVnniIsa Floats(Vector256<float> value) => new(value.AsInt32());

    /// <summary>16-bit lanes to the left, or to the right if negative: what crosses a byte is masked away by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Shift(AvxVnniIsa x, int left) => left switch
    {
        > 0 => (x._lanes.AsUInt16() << left).AsInt32(),
        < 0 => (x._lanes.AsUInt16() >>> -left).AsInt32(),
        _ => x._lanes,
    };
}
