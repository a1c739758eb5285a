using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Kernels.Gemv;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>NEON with dot product: four rows, bytes multiplied by sdot into int32.</summary>
internal readonly unsafe struct NeonDotIsa : IPanelIsa<NeonDotIsa>
{
    private readonly Vector128<int> _lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private NeonDotIsa(Vector128<int> lanes) => _lanes = lanes;

    public static int Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Load(void* source) => new(Vector128.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(NeonDotIsa value, void* destination) => value._lanes.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Activations(sbyte* a) => new(Vector128.Create(*(int*)a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa LowNibbles(NeonDotIsa x) => new(x._lanes & Vector128.Create(0x0f0f0f0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa HighNibbles(NeonDotIsa x) => new(AdvSimd.ShiftRightLogical(x._lanes.AsByte(), 4).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa AddFifthBit(NeonDotIsa q, NeonDotIsa plane, int g) => new(q._lanes | (Shift(plane, 4 - g) & Vector128.Create(0x10101010)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa AddHighPair(NeonDotIsa q, NeonDotIsa plane, int i) => new(q._lanes | (Shift(plane, 4 - (2 * i)) & Vector128.Create(0x30303030)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Dot(NeonDotIsa sums, NeonDotIsa q, NeonDotIsa a) => new(Dp.DotProduct(sums._lanes, q._lanes.AsSByte(), a._lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Widen(NeonDotIsa sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa DotSigned(NeonDotIsa sum, NeonDotIsa q, NeonDotIsa a) =>
        new(Dp.DotProduct(sum._lanes, q._lanes.AsSByte() ^ Vector128.Create((sbyte)-128), a._lanes.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Add(NeonDotIsa x, NeonDotIsa y) => new(x._lanes + y._lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa SubtractSums(NeonDotIsa sum, short* sum16, int first, int second) =>
        new(sum._lanes - Vector128.Create((first * sum16[0]) + (second * sum16[1])));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa LoadHalves(byte* source)
    {
        // Sign and magnitude to their places in float32, then the exponent's bias from 15 to 127 by a product with 2^112.
        Vector128<int> bits = AdvSimd.SignExtendWideningLower(Vector64.Load((short*)source)) << 13;
        return Floats((bits & Vector128.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector128.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa LoadBytes(byte* source)
    {
        Vector64<byte> four = Vector64.CreateScalar(*(int*)source).AsByte();
        Vector128<ushort> wide = AdvSimd.ZeroExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.ZeroExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa LoadSignedBytes(byte* source)
    {
        Vector64<sbyte> four = Vector64.CreateScalar(*(int*)source).AsSByte();
        Vector128<short> wide = AdvSimd.SignExtendWideningLower(four);
        return Floats(AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(wide.GetLower())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Multiply(NeonDotIsa x, NeonDotIsa y) => Floats(x._lanes.AsSingle() * y._lanes.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa Negate(NeonDotIsa x) => new(x._lanes ^ Vector128.Create(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa AddScaled(NeonDotIsa acc, NeonDotIsa isum, NeonDotIsa scale, float* d)
    {
        Vector128<float> factor = scale._lanes.AsSingle() * Vector128.Create(*d);
        return Floats(AdvSimd.FusedMultiplyAdd(acc._lanes.AsSingle(), AdvSimd.ConvertToSingle(isum._lanes), factor));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonDotIsa AddMultiplied(NeonDotIsa acc, NeonDotIsa x, float* value) =>
        Floats(AdvSimd.FusedMultiplyAdd(acc._lanes.AsSingle(), x._lanes.AsSingle(), Vector128.Create(*value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static NeonDotIsa Floats(Vector128<float> value) => new(value.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Shift(NeonDotIsa x, int left) => left switch
    {
        > 0 => (x._lanes.AsByte() << left).AsInt32(),
        < 0 => (x._lanes.AsByte() >>> -left).AsInt32(),
        _ => x._lanes,
    };
}
