using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The values of the 4-bit floats of MXFP4 and NVFP4 (E2M1: one sign bit, two exponent bits, one mantissa bit). They are doubled to be
/// integers; the scales of both types are halved in return.
/// Source: ggml-common.h <c>kvalues_fp4</c>.
/// </summary>
internal static class Float4
{
    public static ReadOnlySpan<sbyte> Values => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>Finds the quant whose value times the scale is nearest to x; the first one on a tie.</summary>
    public static int Nearest(float x, float scale)
    {
        int best = 0;
        float least = float.PositiveInfinity;
        for (int i = 0; i < Values.Length; i++)
        {
            float error = MathF.Abs((Values[i] * scale) - x);
            if (error < least)
            {
                best = i;
                least = error;
            }
        }

        return best;
    }
}
