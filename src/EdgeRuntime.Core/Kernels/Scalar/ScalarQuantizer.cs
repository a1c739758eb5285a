using System;

namespace EdgeRuntime.Kernels.Scalar;

/// <summary>Quantizes activation tiles, one value at a time.</summary>
internal static unsafe class ScalarQuantizer
{
    /// <inheritdoc cref="PanelKernels.QuantizeTile"/>
    public static void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile)
    {
        for (int b = 0; b < columns / ActivationLayout.BlockColumns; b++)
        {
            byte* block = tile + ((long)b * ActivationLayout.Int8BlockBytesPerToken * tokens);
            for (int t = 0; t < tokens; t++)
            {
                QuantizeBlock(x + ((long)t * xStride) + (b * ActivationLayout.BlockColumns), t, tokens, block);
            }
        }
    }

    private static void QuantizeBlock(float* x, int t, int tokens, byte* block)
    {
        float greatest = 0;
        for (int k = 0; k < ActivationLayout.BlockColumns; k++)
        {
            greatest = MathF.Max(greatest, MathF.Abs(x[k]));
        }

        float d = greatest / 127f;
        float inverse = greatest > 1e-36f ? 127f / greatest : 0f;
        int firstHalf = 0;
        int sum = 0;
        for (int k = 0; k < ActivationLayout.BlockColumns; k++)
        {
            int q = (int)MathF.Round(x[k] * inverse);
            ((sbyte*)block)[(k / 4 * 4 * tokens) + (4 * t) + (k % 4)] = (sbyte)q;
            sum += q;
            firstHalf = k == 15 ? sum : firstHalf;
        }

        float* scales = (float*)(block + (ActivationLayout.BlockColumns * tokens));
        short* sums = (short*)(scales + (2 * tokens));
        scales[t] = d;
        scales[tokens + t] = d * sum;
        sums[2 * t] = (short)firstHalf;
        sums[(2 * t) + 1] = (short)(sum - firstHalf);
    }
}
