using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The searches for scales by which the K-quants round. They follow the method of ggml's reference and are as good (a test
/// compares the errors), not equal to the byte. Source of the method: ggml-quants.c <c>make_qkx2_quants</c>, <c>make_qx_quants</c>.
/// </summary>
internal static class KQuantSearch
{
    // Below this a group of weights counts as zeros.
    private const float Epsilon = 1e-15f;

    /// <summary>
    /// Finds scale and minimum for x ~ scale * q - min with q in 0..max and min not negative: starts from the range of x, tries
    /// slightly other scales, and for each solves for the scale and minimum with the least weighted squared error.
    /// </summary>
    /// <param name="max">Greatest quant.</param>
    /// <param name="x">The sub-block.</param>
    /// <param name="weights">How much each error counts.</param>
    /// <param name="quants">Gets the quants.</param>
    /// <param name="firstStep">First trial: the range is mapped to max + firstStep steps.</param>
    /// <param name="steps">Trials after the first, 0.1 steps apart.</param>
    /// <param name="min">The minimum, to be subtracted.</param>
    /// <returns>The scale.</returns>
    public static float ScaleAndMin(
        int max, ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Span<byte> quants, float firstStep, int steps, out float min)
    {
        float least = x[0];
        float greatest = x[0];
        float sumWeights = weights[0];
        float sumX = weights[0] * x[0];
        for (int i = 1; i < x.Length; i++)
        {
            least = x[i] < least ? x[i] : least;
            greatest = x[i] > greatest ? x[i] : greatest;
            sumWeights += weights[i];
            sumX += weights[i] * x[i];
        }

        least = least > 0 ? 0 : least;
        min = -least;
        if (greatest == least)
        {
            quants.Clear();
            return 0;
        }

        float inverse = max / (greatest - least);
        float scale = 1 / inverse;
        float bestError = Round(max, x, weights, quants, inverse, least, scale);
        Span<byte> trial = stackalloc byte[32];
        for (int step = 0; step <= steps; step++)
        {
            inverse = (firstStep + (0.1f * step) + max) / (greatest - least);
            float sumQ = 0;
            float sumQ2 = 0;
            float sumXQ = 0;
            for (int i = 0; i < x.Length; i++)
            {
                int q = Math.Clamp(NearestInt(inverse * (x[i] - least)), 0, max);
                trial[i] = (byte)q;
                sumQ += weights[i] * q;
                sumQ2 += weights[i] * q * q;
                sumXQ += weights[i] * q * x[i];
            }

            float determinant = (sumWeights * sumQ2) - (sumQ * sumQ);
            if (determinant <= 0)
            {
                continue;
            }

            float thisScale = ((sumWeights * sumXQ) - (sumX * sumQ)) / determinant;
            float thisMin = ((sumQ2 * sumX) - (sumQ * sumXQ)) / determinant;
            if (thisMin > 0)
            {
                thisMin = 0;
                thisScale = sumXQ / sumQ2;
            }

            float error = 0;
            for (int i = 0; i < x.Length; i++)
            {
                float difference = (thisScale * trial[i]) + thisMin - x[i];
                error += weights[i] * (difference * difference);
            }

            if (error < bestError)
            {
                trial[..x.Length].CopyTo(quants);
                bestError = error;
                scale = thisScale;
                min = -thisMin;
            }
        }

        return scale;
    }

    /// <summary>
    /// Finds the scale for x ~ scale * q with q in -steps..steps - 1: tries nineteen scales around the one that maps the greatest
    /// magnitude to -steps, and keeps the one that explains most of x, errors counting by x squared.
    /// </summary>
    /// <returns>The scale; 0 for weights that are all about zero.</returns>
    public static float SymmetricScale(int steps, ReadOnlySpan<float> x)
    {
        float greatest = 0;
        foreach (float value in x)
        {
            greatest = MathF.Abs(value) > MathF.Abs(greatest) ? value : greatest;
        }

        if (MathF.Abs(greatest) < Epsilon)
        {
            return 0;
        }

        (float sumXQ, float sumQ2) = Correlate(steps, x, -steps / greatest);
        float scale = sumQ2 != 0 ? sumXQ / sumQ2 : 0;
        float best = scale * sumXQ;
        for (int trial = -9; trial <= 9; trial++)
        {
            if (trial == 0)
            {
                continue;
            }

            (sumXQ, sumQ2) = Correlate(steps, x, -(steps + (0.1f * trial)) / greatest);
            if (sumQ2 > 0 && sumXQ * sumXQ > best * sumQ2)
            {
                scale = sumXQ / sumQ2;
                best = scale * sumXQ;
            }
        }

        return scale;
    }

    /// <summary>To the nearest integer, ties to even.</summary>
    public static int NearestInt(float value) => (int)MathF.Round(value);

    private static float Round(
        int max, ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Span<byte> quants, float inverse, float least, float scale)
    {
        float error = 0;
        for (int i = 0; i < x.Length; i++)
        {
            quants[i] = (byte)Math.Clamp(NearestInt(inverse * (x[i] - least)), 0, max);
            float difference = (scale * quants[i]) + least - x[i];
            error += weights[i] * (difference * difference);
        }

        return error;
    }

    private static (float SumXQ, float SumQ2) Correlate(int steps, ReadOnlySpan<float> x, float inverse)
    {
        float sumXQ = 0;
        float sumQ2 = 0;
        foreach (float value in x)
        {
            int q = Math.Clamp(NearestInt(inverse * value), -steps, steps - 1);
            float weight = value * value;
            sumXQ += weight * value * q;
            sumQ2 += weight * q * q;
        }

        return (sumXQ, sumQ2);
    }
}
