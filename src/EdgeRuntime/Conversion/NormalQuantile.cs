using System;

namespace EdgeRuntime.Conversion;

/// <summary>Computes where a share of a normal distribution ends.</summary>
internal static class NormalQuantile
{
    /// <summary>Finds x with erf(x) = y.</summary>
    /// <param name="y">From -1 to 1.</param>
    /// <remarks>
    /// In 32 bits: a rational function and two of Newton's steps, as PyTorch computes the numbers in published files.
    /// Source: PyTorch, ATen/native/Math.h, calc_erfinv. Its last bits differ for some numbers.
    /// </remarks>
    public static float InvertErrorFunction(float y)
    {
        float size = MathF.Abs(y);
        if (size >= 1)
        {
            return MathF.CopySign(float.PositiveInfinity, y);
        }

        float x;
        if (size <= 0.7f)
        {
            float z = y * y;
            x = y * ((((((-0.140543331f * z) + 0.914624893f) * z) - 1.645349621f) * z) + 0.886226899f)
                / ((((((((0.012229801f * z) - 0.329097515f) * z) + 1.442710462f) * z) - 2.118377725f) * z) + 1);
        }
        else
        {
            float z = MathF.Sqrt(-MathF.Log((1 - size) / 2));
            float top = (((((1.641345311f * z) + 3.429567803f) * z) - 1.624906493f) * z) - 1.970840454f;
            x = MathF.CopySign(top, y) / ((((1.637067800f * z) + 3.543889200f) * z) + 1);
        }

        for (int step = 0; step < 2; step++)
        {
            x -= (ComputeErrorFunction(x) - y) / (2 / MathF.Sqrt(MathF.PI) * MathF.Exp(-x * x));
        }

        return x;
    }

    /// <summary>Computes erf(x), its slope times x + 2x³/3 + 4x⁵/15 + ...</summary>
    private static float ComputeErrorFunction(double x)
    {
        double sum = 0;
        double term = x;
        for (int n = 1; sum + term != sum; n++)
        {
            sum += term;
            term *= 2 * x * x / ((2 * n) + 1);
        }

        return (float)(2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum);
    }
}
