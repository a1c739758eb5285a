using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The sixteen values of the 4-bit quants of IQ4_NL and IQ4_XS. They are denser around zero, where most weights are.
/// Source: ggml-common.h <c>kvalues_iq4nl</c>, ggml-quants.c <c>quantize_row_iq4_nl_impl</c>.
/// </summary>
internal static class NonLinear4
{
    // A group of weights with a magnitude below this becomes zeros.
    private const float Epsilon = 1e-15f;

    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Finds the quant whose value is nearest to x; the larger value on a tie.</summary>
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
    /// Finds the scale for x ~ scale * value. The search tries fifteen scales around the one that maps the largest magnitude to the first
    /// value, and the one that maps it to the opposite of the first value. It keeps the scale with the least squared error weighted by x
    /// squared.
    /// </summary>
    /// <returns>The scale, or 0 if all weights are close to zero.</returns>
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
