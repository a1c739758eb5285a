using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-512BW: sixteen rows, bytes multiplied by vpmaddubsw into pairs of int16.</summary>
internal readonly unsafe struct Avx512Isa : IPanelIsa<Avx512Isa>
{
    private readonly Vector512<int> _lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Avx512Isa(Vector512<int> lanes) => _lanes = lanes;

    public static int Rows => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Load(void* source) => new(Vector512.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Avx512Isa value, void* destination) => value._lanes.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Activations(sbyte* a) => new(Vector512.Create(*(int*)a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa LowNibbles(Avx512Isa x) => new(x._lanes & Vector512.Create(0x0f0f0f0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa HighNibbles(Avx512Isa x) => LowNibbles(new((x._lanes.AsUInt16() >>> 4).AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa AddFifthBit(Avx512Isa q, Avx512Isa plane, int g) => new(q._lanes | (Shift(plane, 4 - g) & Vector512.Create(0x10101010)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa AddHighPair(Avx512Isa q, Avx512Isa plane, int i) => new(q._lanes | (Shift(plane, 4 - (2 * i)) & Vector512.Create(0x30303030)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Dot(Avx512Isa sums, Avx512Isa q, Avx512Isa a) =>
        new((sums._lanes.AsInt16() + Avx512BW.MultiplyAddAdjacent(q._lanes.AsByte(), a._lanes.AsSByte())).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Widen(Avx512Isa sums) => new(Avx512BW.MultiplyAddAdjacent(sums._lanes.AsInt16(), Vector512.Create((short)1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa DotSigned(Avx512Isa sum, Avx512Isa q, Avx512Isa a)
    {
        // |w| * (a with w's sign): 2 x 128 x 127 fits an int16.
        Vector512<sbyte> w = q._lanes.AsSByte() ^ Vector512.Create((sbyte)-128);
        Vector512<sbyte> negative = Vector512.LessThan(w, Vector512<sbyte>.Zero);
        Vector512<sbyte> signed = Vector512.ConditionalSelect(negative, Vector512<sbyte>.Zero - a._lanes.AsSByte(), a._lanes.AsSByte());
        return Add(sum, Widen(new(Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(w), signed).AsInt32())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa SubtractSums(Avx512Isa sum, short* sum16, int first, int second)
    {
        Vector512<int> factors = Vector512.Create((-first & 0xffff) | (-second << 16));
        return new(sum._lanes + Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), factors.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Add(Avx512Isa x, Avx512Isa y) => new(x._lanes + y._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector512<int> bits = (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13) & Vector512.Create(unchecked((int)0x8fffe000));
        return new((bits.AsSingle() * Vector512.Create(5.192296858534828e33f)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa LoadBytes(byte* source) => Floats(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa LoadSignedBytes(byte* source) => Floats(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Multiply(Avx512Isa x, Avx512Isa y) => Floats(x._lanes.AsSingle() * y._lanes.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa Negate(Avx512Isa x) => new(x._lanes ^ Vector512.Create(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa AddScaled(Avx512Isa acc, Avx512Isa isum, Avx512Isa scale, float* d) =>
        Floats(Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(isum._lanes), scale._lanes.AsSingle() * Vector512.Create(*d), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Avx512Isa AddMultiplied(Avx512Isa acc, Avx512Isa x, float* value) =>
        Floats(Avx512F.FusedMultiplyAdd(x._lanes.AsSingle(), Vector512.Create(*value), acc._lanes.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Avx512Isa Floats(Vector512<float> value) => new(value.AsInt32());

    /// <summary>16-bit lanes to the left, or to the right if negative: what crosses a byte is masked away by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Shift(Avx512Isa x, int left) => left switch
    {
        > 0 => (x._lanes.AsUInt16() << left).AsInt32(),
        < 0 => (x._lanes.AsUInt16() >>> -left).AsInt32(),
        _ => x._lanes,
    };
}
