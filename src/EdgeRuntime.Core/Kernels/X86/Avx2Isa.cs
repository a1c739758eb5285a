using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX2 with FMA: eight rows, bytes multiplied by vpmaddubsw into pairs of int16.</summary>
internal readonly unsafe struct Avx2Isa : IPanelIsa<Avx2Isa>
{
    private readonly Vector256<int> _lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Avx2Isa(Vector256<int> lanes) => _lanes = lanes;

    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Load(void* source) => new(Vector256.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Avx2Isa value, void* destination) => value._lanes.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Activations(sbyte* a) => new(Vector256.Create(*(int*)a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa LowNibbles(Avx2Isa x) => new(x._lanes & Vector256.Create(0x0f0f0f0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa HighNibbles(Avx2Isa x) => LowNibbles(new((x._lanes.AsUInt16() >>> 4).AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa AddFifthBit(Avx2Isa q, Avx2Isa plane, int g) => new(q._lanes | (Shift(plane, 4 - g) & Vector256.Create(0x10101010)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa AddHighPair(Avx2Isa q, Avx2Isa plane, int i) => new(q._lanes | (Shift(plane, 4 - (2 * i)) & Vector256.Create(0x30303030)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Dot(Avx2Isa sums, Avx2Isa q, Avx2Isa a) =>
        new((sums._lanes.AsInt16() + Avx2.MultiplyAddAdjacent(q._lanes.AsByte(), a._lanes.AsSByte())).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Widen(Avx2Isa sums) => new(Avx2.MultiplyAddAdjacent(sums._lanes.AsInt16(), Vector256.Create((short)1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa DotSigned(Avx2Isa sum, Avx2Isa q, Avx2Isa a)
    {
        // |w| * (a with w's sign): 2 x 128 x 127 fits an int16.
        Vector256<sbyte> w = q._lanes.AsSByte() ^ Vector256.Create((sbyte)-128);
        return Add(sum, Widen(new(Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(a._lanes.AsSByte(), w)).AsInt32())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa SubtractSums(Avx2Isa sum, short* sum16, int first, int second)
    {
        Vector256<int> factors = Vector256.Create((-first & 0xffff) | (-second << 16));
        return new(sum._lanes + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), factors.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Add(Avx2Isa x, Avx2Isa y) => new(x._lanes + y._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector256<int> bits = (Avx2.ConvertToVector256Int32((short*)source) << 13) & Vector256.Create(unchecked((int)0x8fffe000));
        return new((bits.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa LoadBytes(byte* source) => Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa LoadSignedBytes(byte* source) => Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Multiply(Avx2Isa x, Avx2Isa y) => Floats(x._lanes.AsSingle() * y._lanes.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa Negate(Avx2Isa x) => new(x._lanes ^ Vector256.Create(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa AddScaled(Avx2Isa acc, Avx2Isa isum, Avx2Isa scale, float* d) =>
        Floats(Fma.MultiplyAdd(Avx.ConvertToVector256Single(isum._lanes), scale._lanes.AsSingle() * Vector256.Create(*d), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx2Isa AddMultiplied(Avx2Isa acc, Avx2Isa x, float* value) =>
        Floats(Fma.MultiplyAdd(x._lanes.AsSingle(), Vector256.Create(*value), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Avx2Isa Floats(Vector256<float> value) => new(value.AsInt32());

    /// <summary>16-bit lanes to the left, or to the right if negative: what crosses a byte is masked away by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Shift(Avx2Isa x, int left) => left switch
    {
        > 0 => (x._lanes.AsUInt16() << left).AsInt32(),
        < 0 => (x._lanes.AsUInt16() >>> -left).AsInt32(),
        _ => x._lanes,
    };
}
