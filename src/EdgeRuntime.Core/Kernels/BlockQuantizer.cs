using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels;

/// <summary>The two passes over a block of 32 floats that <see cref="BlockQuantizer{TVector}"/> is made of.</summary>
internal unsafe interface IBlockVector
{
    /// <summary>The greatest bit pattern of |x|: that of the greatest number, or of an infinity or a NaN where there is one.</summary>
    static abstract int AbsoluteMaximumBits(float* x);

    /// <summary>Writes the 32 rounded products x * factor, all within -127..127, and returns the sums of the first and the last 16.</summary>
    static abstract (int First, int Last) Round(float* x, float factor, sbyte* q);
}

/// <summary>Quantizes activation tiles as <see cref="ActivationQuantizer"/> says; the vector type changes the speed alone.</summary>
internal abstract unsafe class BlockQuantizer<TVector>
    where TVector : struct, IBlockVector
{
    private const int InfinityBits = 0x7f800000;

    // 127 over anything smaller is not finite in float32.
    private const float LeastMaximum = 127f / float.MaxValue * 1.000001f;

    /// <param name="x">[tokens, columns], the rows of this tile.</param>
    /// <param name="xStride">Floats from one token's row to the next.</param>
    /// <param name="tokens">Tokens of the tile.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="tile">44 x tokens x columns / 32 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile)
    {
        int* scattered = stackalloc int[8];
        for (int column = 0; column < columns; column += ActivationLayout.BlockColumns)
        {
            int* q = (int*)tile;
            float* d = (float*)(tile + (32 * tokens));
            float* dsum = d + tokens;
            short* sum16 = (short*)(dsum + tokens);
            for (int token = 0; token < tokens; token++)
            {
                float* source = x + ((long)token * xStride) + column;
                int* target = tokens == 1 ? q : scattered;
                d[token] = Block(source, (sbyte*)target, out int first, out int last);
                dsum[token] = d[token] * (first + last);
                sum16[2 * token] = (short)first;
                sum16[(2 * token) + 1] = (short)last;
                if (tokens > 1)
                {
                    for (int group = 0; group < 8; group++)
                    {
                        q[(group * tokens) + token] = scattered[group];
                    }
                }
            }

            tile += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }
    }

    /// <summary>Quantizes one token's block; returns d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Block(float* x, sbyte* q, out int first, out int last)
    {
        int maximumBits = TVector.AbsoluteMaximumBits(x);
        float maximum = BitConverter.Int32BitsToSingle(maximumBits);
        if (maximumBits >= InfinityBits || maximum < LeastMaximum)
        {
            new Span<sbyte>(q, ActivationLayout.BlockColumns).Clear();
            first = last = 0;
            return maximumBits >= InfinityBits ? float.NaN : 0f;
        }

        (first, last) = TVector.Round(x, 127f / maximum, q);
        return maximum / 127f;
    }
}

/// <summary>One float at a time.</summary>
internal readonly unsafe struct ScalarBlock : IBlockVector
{
    public static int AbsoluteMaximumBits(float* x)
    {
        int maximum = 0;
        for (int i = 0; i < ActivationLayout.BlockColumns; i++)
        {
            maximum = Math.Max(maximum, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
        }

        return maximum;
    }

    public static (int First, int Last) Round(float* x, float factor, sbyte* q)
    {
        int first = 0, last = 0;
        for (int i = 0; i < ActivationLayout.BlockColumns; i++)
        {
            q[i] = (sbyte)MathF.Round(x[i] * factor, MidpointRounding.ToEven);
            first += i < 16 ? q[i] : 0;
            last += i < 16 ? 0 : q[i];
        }

        return (first, last);
    }
}

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

        if (Sse2.IsSupported)
        {
            // vpsadbw adds unsigned bytes; 128 more each makes them so.
            Vector128<byte> unsigned = q.AsByte() ^ Vector128.Create((byte)0x80);
            Vector128<int> sums = Sse2.SumAbsoluteDifferences(unsigned, Vector128<byte>.Zero).AsInt32();
            return sums.ToScalar() + sums.GetElement(2) - (16 * 128);
        }

        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(q);
        return Vector128.Sum(low + high);
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

/// <summary>Vectors of sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Vector512Block : IBlockVector
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AbsoluteMaximumBits(float* x)
    {
        Vector512<int> v = Vector512.Max(Bits(x), Bits(x + 16));
        Vector256<int> half = Vector256.Max(v.GetLower(), v.GetUpper());
        return Vector128Block.MaximumOf(Vector128.Max(half.GetLower(), half.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int First, int Last) Round(float* x, float factor, sbyte* q)
    {
        Vector512<float> factors = Vector512.Create(factor);
        Vector128<sbyte> first = Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(Vector512.Load(x) * factors));
        Vector128<sbyte> last = Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(Vector512.Load(x + 16) * factors));
        first.Store(q);
        last.Store(q + 16);
        return (Vector128Block.SumOf(first), Vector128Block.SumOf(last));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Bits(float* x) => Vector512.Load((int*)x) & Vector512.Create(int.MaxValue);
}
