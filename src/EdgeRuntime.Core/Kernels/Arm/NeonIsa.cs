using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>NEON: four rows, bytes multiplied into int16 and added in pairs.</summary>
internal readonly unsafe struct NeonIsa : IPanelIsa<Vector128<int>>
{
    public static int Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(void* source) => Vector128.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Activations(sbyte* a) => Vector128.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> x) => x & Vector128.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> x) => AdvSimd.ShiftRightLogical(x.AsByte(), 4).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddFifthBit(Vector128<int> q, Vector128<int> plane, int g) =>
        q | (Shift(plane, 4 - g) & Vector128.Create(0x10101010));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddHighPair(Vector128<int> q, Vector128<int> plane, int i) =>
        q | (Shift(plane, 4 - (2 * i)) & Vector128.Create(0x30303030));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Lookup(Vector128<int> x, Vector128<byte> table) =>
        AdvSimd.Arm64.VectorTableLookup(table, x.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sums, Vector128<int> q, Vector128<int> a) =>
        (sums.AsInt16() + Pairs(q.AsSByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(Vector128<int> sums) => AdvSimd.AddPairwiseWidening(sums.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSigned(Vector128<int> sum, Vector128<int> q, Vector128<int> a)
    {
        // 2 x 128 x 127 fits an int16.
        Vector128<sbyte> w = q.AsSByte() ^ Vector128.Create((sbyte)-128);
        return AdvSimd.AddPairwiseWideningAndAdd(sum, Pairs(w, a.AsSByte()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> w, Vector128<sbyte> a) => AdvSimd.Arm64.AddPairwise(
        AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()), AdvSimd.MultiplyWideningUpper(w, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> x, Vector128<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> SubtractSums(Vector128<int> sum, short* sum16, int first, int second) =>
        sum - Vector128.Create((first * sum16[0]) + (second * sum16[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector128<int> bits = AdvSimd.SignExtendWideningLower(Vector64.Load((short*)source)) << 13;
        return Floats((bits & Vector128.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector128.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadBytes(byte* source)
    {
        Vector64<byte> four = Vector64.CreateScalar(*(int*)source).AsByte();
        Vector128<ushort> wide = AdvSimd.ZeroExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.ZeroExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadSignedBytes(byte* source)
    {
        Vector64<sbyte> four = Vector64.CreateScalar(*(int*)source).AsSByte();
        Vector128<short> wide = AdvSimd.SignExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> x, Vector128<int> y) => Floats(x.AsSingle() * y.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Negate(Vector128<int> x) => x ^ Vector128.Create(int.MinValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddScaled(Vector128<int> acc, Vector128<int> isum, Vector128<int> scale, float* d)
    {
        Vector128<float> factor = scale.AsSingle() * Vector128.Create(*d);
        return Floats(AdvSimd.FusedMultiplyAdd(acc.AsSingle(), AdvSimd.ConvertToSingle(isum), factor));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddMultiplied(Vector128<int> acc, Vector128<int> x, float* value) =>
        Floats(AdvSimd.FusedMultiplyAdd(acc.AsSingle(), x.AsSingle(), Vector128.Create(*value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Floats(Vector128<float> value) => value.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Shift(Vector128<int> x, int left) => left switch
    {
        > 0 => (x.AsByte() << left).AsInt32(),
        < 0 => (x.AsByte() >>> -left).AsInt32(),
        _ => x,
    };
}
