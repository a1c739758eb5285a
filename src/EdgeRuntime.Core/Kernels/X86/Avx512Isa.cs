using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-512BW: sixteen rows, bytes multiplied by vpmaddubsw into pairs of int16.</summary>
internal readonly unsafe struct Avx512Isa : IPanelIsa<Vector512<int>>
{
    public static int Rows => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(void* source) => Vector512.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Activations(sbyte* a) => Vector512.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowNibbles(Vector512<int> x) => x & Vector512.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighNibbles(Vector512<int> x) => LowNibbles((x.AsUInt16() >>> 4).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddFifthBit(Vector512<int> q, Vector512<int> plane, int g) =>
        q | (Shift(plane, 4 - g) & Vector512.Create(0x10101010));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddHighPair(Vector512<int> q, Vector512<int> plane, int i) =>
        q | (Shift(plane, 4 - (2 * i)) & Vector512.Create(0x30303030));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Lookup(Vector512<int> x, Vector128<byte> table)
    {
        // The JIT builds Vector512.Create(table) anew each time, of two inserts; this it keeps.
        Vector512<int> first = table.AsInt32().ToVector256().ToVector512();
        return Avx512BW.Shuffle(Avx512F.Shuffle4x128(first, first, 0).AsByte(), x.AsByte()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sums, Vector512<int> q, Vector512<int> a) =>
        (sums.AsInt16() + Avx512BW.MultiplyAddAdjacent(q.AsByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<int> sums) => Avx512BW.MultiplyAddAdjacent(sums.AsInt16(), Vector512.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotSigned(Vector512<int> sum, Vector512<int> q, Vector512<int> a)
    {
        // |w| * (a with w's sign): 2 x 128 x 127 fits an int16.
        Vector512<sbyte> w = q.AsSByte() ^ Vector512.Create((sbyte)-128);
        Vector512<sbyte> negative = Vector512.LessThan(w, Vector512<sbyte>.Zero);
        Vector512<sbyte> signed = Vector512.ConditionalSelect(negative, Vector512<sbyte>.Zero - a.AsSByte(), a.AsSByte());
        return Add(sum, Widen(Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(w), signed).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SubtractSums(Vector512<int> sum, short* sum16, int first, int second)
    {
        Vector512<int> factors = Vector512.Create((-first & 0xffff) | (-second << 16));
        return sum + Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), factors.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> x, Vector512<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector512<int> bits =
            (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13) & Vector512.Create(unchecked((int)0x8fffe000));
        return (bits.AsSingle() * Vector512.Create(5.192296858534828e33f)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytes(byte* source) =>
        Floats(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadSignedBytes(byte* source) =>
        Floats(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> x, Vector512<int> y) => Floats(x.AsSingle() * y.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Negate(Vector512<int> x) => x ^ Vector512.Create(int.MinValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddScaled(Vector512<int> acc, Vector512<int> isum, Vector512<int> scale, float* d) =>
        Floats(Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(isum), scale.AsSingle() * Vector512.Create(*d), acc.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddMultiplied(Vector512<int> acc, Vector512<int> x, float* value) =>
        Floats(Avx512F.FusedMultiplyAdd(x.AsSingle(), Vector512.Create(*value), acc.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Floats(Vector512<float> value) => value.AsInt32();

    /// <summary>16-bit lanes to the left, or to the right if negative: what crosses a byte is masked away by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Shift(Vector512<int> x, int left) => left switch
    {
        > 0 => (x.AsUInt16() << left).AsInt32(),
        < 0 => (x.AsUInt16() >>> -left).AsInt32(),
        _ => x,
    };
}
