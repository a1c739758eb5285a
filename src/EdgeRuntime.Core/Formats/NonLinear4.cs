using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The sixteen values that the 4-bit numbers of IQ4_NL and IQ4_XS stand for: close together around zero, where most weights are.
/// Source: ggml-common.h <c>kvalues_iq4nl</c>, ggml-quants.c <c>quantize_row_iq4_nl_impl</c>.
/// </summary>
internal static class NonLinear4
{
    // Below this a group of weights counts as zeros.
    private const float Epsilon = 1e-15f;

    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>The number whose value is nearest to x; the greater of two as near.</summary>
    public static int Nearest(float x)
    {
        ReadOnlySpan<sbyte> values = Values;
        int above = 1;
        while (above < values.Length - 1 && values[above] <= x)
        {
            above++;
        }

        return x - values[above - 1] < values[above] - x ? above - 1 : above;
    }

    /// <summary>
    /// Finds the scale for x ~ scale * value: tries fifteen scales around the one that maps the greatest magnitude to the first value
    /// and the one that maps it to its opposite, and keeps the one that explains most of x, errors counting by x squared.
    /// </summary>
    /// <returns>The scale; 0 for weights that are all about zero.</returns>
    public static float Scale(ReadOnlySpan<float> x)
    {
        float greatest = Magnitudes.Greatest(x);
        if (MathF.Abs(greatest) < Epsilon)
        {
            return 0;
        }

        (float sumXV, float sumV2) = Correlate(x, 1 / (-greatest / Values[0]));
        float scale = sumXV / sumV2;
        float best = scale * sumXV;
        for (int trial = -7; trial <= 7; trial++)
        {
            (sumXV, sumV2) = Correlate(x, (trial + Values[0]) / greatest);
            if (sumV2 > 0 && sumXV * sumXV > best * sumV2)
            {
                scale = sumXV / sumV2;
                best = scale * sumXV;
            }
        }

        return scale;
    }

    private static (float SumXV, float SumV2) Correlate(ReadOnlySpan<float> x, float inverse)
    {
        float sumXV = 0;
        float sumV2 = 0;
        foreach (float value in x)
        {
            float nearest = Values[Nearest(inverse * value)];
            float weight = value * value;
            sumXV += weight * nearest * value;
            sumV2 += weight * nearest * nearest;
        }

        return (sumXV, sumV2);
    }
}
