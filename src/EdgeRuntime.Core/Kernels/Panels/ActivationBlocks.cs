using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>The two passes over a block of 32 floats that <see cref="ActivationBlocks{TVector}"/> is made of.</summary>
internal unsafe interface IBlockVector
{
    /// <summary>The greatest bit pattern of |x|: that of the greatest number, or of an infinity or a NaN where there is one.</summary>
    static abstract int AbsoluteMaximumBits(float* x);

    /// <summary>
    /// Writes the 32 rounded products x * factor, all within -127..127, and returns the sums of the first and the last 16.
    /// </summary>
    static abstract (int First, int Last) Round(float* x, float factor, sbyte* q);
}

/// <summary>Quantizes activation tiles as <see cref="ActivationLayout"/> says; the vector type changes the speed alone.</summary>
internal abstract unsafe class ActivationBlocks<TVector>
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
