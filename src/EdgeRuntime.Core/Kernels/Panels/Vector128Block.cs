using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>Vectors of four floats: AVX2 and NEON.</summary>
internal readonly unsafe struct Vector128Block : IBlockVector
{
    /// <summary>1.5 x 2^23: adding it rounds a small float to the nearest integer, ties to even, into the low bits.</summary>
    internal const float RoundingShift = 12582912f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AbsoluteMaximumBits(float* x)
    {
        Vector128<int> low = Vector128.Max(Vector128.Max(Bits(x), Bits(x + 4)), Vector128.Max(Bits(x + 8), Bits(x + 12)));
        Vector128<int> high = Vector128.Max(Vector128.Max(Bits(x + 16), Bits(x + 20)), Vector128.Max(Bits(x + 24), Bits(x + 28)));
        return MaximumOf(Vector128.Max(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int First, int Last) Round(float* x, float factor, sbyte* q)
    {
        Vector128<float> factors = Vector128.Create(factor);
        Vector128<sbyte> first = Sixteen(x, factors);
        Vector128<sbyte> last = Sixteen(x + 16, factors);
        first.Store(q);
        last.Store(q + 16);
        return (SumOf(first), SumOf(last));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int MaximumOf(Vector128<int> v)
    {
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(v.ToScalar(), v.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SumOf(Vector128<sbyte> q)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            return AdvSimd.Arm64.AddAcrossWidening(q).ToScalar();
        }

        // vpsadbw adds unsigned bytes; 128 more each makes them so.
        Vector128<byte> unsigned = q.AsByte() ^ Vector128.Create((byte)0x80);
        Vector128<int> sums = Sse2.SumAbsoluteDifferences(unsigned, Vector128<byte>.Zero).AsInt32();
        return sums.ToScalar() + sums.GetElement(2) - (16 * 128);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Bits(float* x) => Vector128.Load((int*)x) & Vector128.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Sixteen(float* x, Vector128<float> factor) => Vector128.Narrow(
        Vector128.Narrow(Rounded(x, factor), Rounded(x + 4, factor)),
        Vector128.Narrow(Rounded(x + 8, factor), Rounded(x + 12, factor)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Rounded(float* x, Vector128<float> factor) =>
        ((Vector128.Load(x) * factor) + Vector128.Create(RoundingShift)).AsInt32();
}
