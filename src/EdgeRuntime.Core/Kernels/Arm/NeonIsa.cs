using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>NEON: four rows, bytes multiplied into int16 and added in pairs.</summary>
internal readonly unsafe struct NeonIsa : IPanelIsa<NeonIsa>
{
    private readonly Vector128<int> _lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private NeonIsa(Vector128<int> lanes) => _lanes = lanes;

    public static int Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Load(void* source) => new(Vector128.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(NeonIsa value, void* destination) => value._lanes.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Activations(sbyte* a) => new(Vector128.Create(*(int*)a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa LowNibbles(NeonIsa x) => new(x._lanes & Vector128.Create(0x0f0f0f0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa HighNibbles(NeonIsa x) => new(AdvSimd.ShiftRightLogical(x._lanes.AsByte(), 4).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa AddFifthBit(NeonIsa q, NeonIsa plane, int g) => new(q._lanes | (Shift(plane, 4 - g) & Vector128.Create(0x10101010)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa AddHighPair(NeonIsa q, NeonIsa plane, int i) => new(q._lanes | (Shift(plane, 4 - (2 * i)) & Vector128.Create(0x30303030)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Dot(NeonIsa sums, NeonIsa q, NeonIsa a) =>
        new((sums._lanes.AsInt16() + Pairs(q._lanes.AsSByte(), a._lanes.AsSByte())).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Widen(NeonIsa sums) => new(AdvSimd.AddPairwiseWidening(sums._lanes.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa DotSigned(NeonIsa sum, NeonIsa q, NeonIsa a)
    {
        // 2 x 128 x 127 fits an int16.
        Vector128<sbyte> w = q._lanes.AsSByte() ^ Vector128.Create((sbyte)-128);
        return new(AdvSimd.AddPairwiseWideningAndAdd(sum._lanes, Pairs(w, a._lanes.AsSByte())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> w, Vector128<sbyte> a) => AdvSimd.Arm64.AddPairwise(
        AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()), AdvSimd.MultiplyWideningUpper(w, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Add(NeonIsa x, NeonIsa y) => new(x._lanes + y._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa SubtractSums(NeonIsa sum, short* sum16, int first, int second) =>
        new(sum._lanes - Vector128.Create((first * sum16[0]) + (second * sum16[1])));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector128<int> bits = AdvSimd.SignExtendWideningLower(Vector64.Load((short*)source)) << 13;
        return Floats((bits & Vector128.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector128.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa LoadBytes(byte* source)
    {
        Vector64<byte> four = Vector64.CreateScalar(*(int*)source).AsByte();
        Vector128<ushort> wide = AdvSimd.ZeroExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.ZeroExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa LoadSignedBytes(byte* source)
    {
        Vector64<sbyte> four = Vector64.CreateScalar(*(int*)source).AsSByte();
        Vector128<short> wide = AdvSimd.SignExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Multiply(NeonIsa x, NeonIsa y) => Floats(x._lanes.AsSingle() * y._lanes.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa Negate(NeonIsa x) => new(x._lanes ^ Vector128.Create(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa AddScaled(NeonIsa acc, NeonIsa isum, NeonIsa scale, float* d)
    {
        Vector128<float> factor = scale._lanes.AsSingle() * Vector128.Create(*d);
        return Floats(AdvSimd.FusedMultiplyAdd(acc._lanes.AsSingle(), AdvSimd.ConvertToSingle(isum._lanes), factor));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonIsa AddMultiplied(NeonIsa acc, NeonIsa x, float* value) =>
        Floats(AdvSimd.FusedMultiplyAdd(acc._lanes.AsSingle(), x._lanes.AsSingle(), Vector128.Create(*value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static NeonIsa Floats(Vector128<float> value) => new(value.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Shift(NeonIsa x, int left) => left switch
    {
        > 0 => (x._lanes.AsByte() << left).AsInt32(),
        < 0 => (x._lanes.AsByte() >>> -left).AsInt32(),
        _ => x._lanes,
    };
}
