using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.X86;

/// <summary>AVX-VNNI: eight rows, bytes multiplied by vpdpbusd into int32.</summary>
internal readonly unsafe struct AvxVnniIsa : IPanelIsa<Vector256<int>>
{
    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(void* source) => Vector256.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Activations(sbyte* a) => Vector256.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> x) => x & Vector256.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> x) => LowNibbles((x.AsUInt16() >>> 4).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddFifthBit(Vector256<int> q, Vector256<int> plane, int g) =>
        q | (Shift(plane, 4 - g) & Vector256.Create(0x10101010));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddHighPair(Vector256<int> q, Vector256<int> plane, int i) =>
        q | (Shift(plane, 4 - (2 * i)) & Vector256.Create(0x30303030));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Lookup(Vector256<int> x, Vector128<byte> table) =>
        Avx2.Shuffle(Vector256.Create(table), x.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sums, Vector256<int> q, Vector256<int> a) =>
        AvxVnni.MultiplyWideningAndAdd(sums, q.AsByte(), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<int> q, Vector256<int> a)
    {
        Vector256<sbyte> w = q.AsSByte() ^ Vector256.Create((sbyte)-128);
        return AvxVnni.MultiplyWideningAndAdd(sum, Avx2.Abs(w), Avx2.Sign(a.AsSByte(), w));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SubtractSums(Vector256<int> sum, short* sum16, int first, int second)
    {
        Vector256<int> factors = Vector256.Create((-first & 0xffff) | (-second << 16));
        return sum + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), factors.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> x, Vector256<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector256<int> bits = (Avx2.ConvertToVector256Int32((short*)source) << 13) & Vector256.Create(unchecked((int)0x8fffe000));
        return (bits.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes(byte* source) => Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadSignedBytes(byte* source) =>
        Floats(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<int> x, Vector256<int> y) => Floats(x.AsSingle() * y.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Negate(Vector256<int> x) => x ^ Vector256.Create(int.MinValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddScaled(Vector256<int> acc, Vector256<int> isum, Vector256<int> scale, float* d) =>
        Floats(Fma.MultiplyAdd(Avx.ConvertToVector256Single(isum), scale.AsSingle() * Vector256.Create(*d), acc.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddMultiplied(Vector256<int> acc, Vector256<int> x, float* value) =>
        Floats(Fma.MultiplyAdd(x.AsSingle(), Vector256.Create(*value), acc.AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Floats(Vector256<float> value) => value.AsInt32();

    /// <summary>16-bit lanes to the left, or to the right if negative: what crosses a byte is masked away by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Shift(Vector256<int> x, int left) => left switch
    {
        > 0 => (x.AsUInt16() << left).AsInt32(),
        < 0 => (x.AsUInt16() >>> -left).AsInt32(),
        _ => x,
    };
}
