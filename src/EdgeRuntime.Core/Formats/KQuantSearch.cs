using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The searches for scales by which the K-quants round. They follow the method of ggml's reference and are as good (a test
/// compares the errors), not equal to the byte. Source of the method: ggml-quants.c <c>make_qkx2_quants</c>, <c>make_qx_quants</c>,
/// <c>make_q3_quants</c>.
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
    /// <param name="byMagnitude">Whether errors count by their magnitude, not their square.</param>
    /// <param name="min">The minimum, to be subtracted.</param>
    /// <returns>The scale.</returns>
    public static float ScaleAndMin(
        int max,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weights,
        Span<byte> quants,
        float firstStep,
        int steps,
        bool byMagnitude,
        out float min)
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
        Round(max, x, quants, inverse, least);
        float bestError = Error(x, weights, quants, scale, least, byMagnitude);
        Span<byte> trial = stackalloc byte[32];
        for (int step = 0; step <= steps; step++)
        {
            inverse = (firstStep + (0.1f * step) + max) / (greatest - least);
            float sumQ = 0;
            float sumQ2 = 0;
            float sumXQ = 0;
            Round(max, x, trial, inverse, least);
            for (int i = 0; i < x.Length; i++)
            {
                int q = trial[i];
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

            float error = Error(x, weights, trial, thisScale, thisMin, byMagnitude);
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
        float greatest = Magnitudes.Greatest(x);
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

    /// <summary>
    /// Finds the scale for x ~ scale * q with q in -steps..steps - 1: starts with the scale that maps the greatest magnitude to -steps, and
    /// moves one quant after another to where it explains more of x, errors counting by x squared, for at most five rounds.
    /// </summary>
    /// <param name="steps">Greatest magnitude of a quant.</param>
    /// <param name="x">The sub-block.</param>
    /// <param name="quants">Gets the quants, raised by <paramref name="steps"/>.</param>
    /// <returns>The scale; 0 for weights that are all about zero.</returns>
    public static float SymmetricScaleByDescent(int steps, ReadOnlySpan<float> x, Span<byte> quants)
    {
        float greatest = Magnitudes.Greatest(x);
        if (MathF.Abs(greatest) < Epsilon)
        {
            quants.Clear();
            return 0;
        }

        float sumXQ = 0;
        float sumQ2 = 0;
        for (int i = 0; i < x.Length; i++)
        {
            int q = Math.Clamp(NearestInt(-steps / greatest * x[i]), -steps, steps - 1);
            quants[i] = (byte)(q + steps);
            sumXQ += x[i] * x[i] * x[i] * q;
            sumQ2 += x[i] * x[i] * q * q;
        }

        for (int round = 0; round < 5 && Descend(steps, x, quants, ref sumXQ, ref sumQ2); round++)
        {
        }

        return sumQ2 > 0 ? sumXQ / sumQ2 : 0;
    }

    /// <summary>To the nearest integer, ties to even.</summary>
    public static int NearestInt(float value) => (int)MathF.Round(value);

    /// <summary>One round over all quants.</summary>
    /// <returns>Whether any moved.</returns>
    private static bool Descend(int steps, ReadOnlySpan<float> x, Span<byte> quants, ref float sumXQ, ref float sumQ2)
    {
        bool moved = false;
        for (int i = 0; i < x.Length; i++)
        {
            float weight = x[i] * x[i];
            int old = quants[i] - steps;
            float otherXQ = sumXQ - (weight * x[i] * old);
            float otherQ2 = sumQ2 - (weight * old * old);
            int q = otherXQ > 0 ? Math.Clamp(NearestInt(x[i] * otherQ2 / otherXQ), -steps, steps - 1) : old;
            float newXQ = otherXQ + (weight * x[i] * q);
            float newQ2 = otherQ2 + (weight * q * q);
            if (q != old && newQ2 > 0 && newXQ * newXQ * sumQ2 > sumXQ * sumXQ * newQ2)
            {
                (quants[i], sumXQ, sumQ2) = ((byte)(q + steps), newXQ, newQ2);
                moved = true;
            }
        }

        return moved;
    }

    private static void Round(int max, ReadOnlySpan<float> x, Span<byte> quants, float inverse, float least)
    {
        for (int i = 0; i < x.Length; i++)
        {
            quants[i] = (byte)Math.Clamp(NearestInt(inverse * (x[i] - least)), 0, max);
        }
    }

    private static float Error(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<byte> quants, float scale, float least, bool byMagnitude)
    {
        float error = 0;
        for (int i = 0; i < x.Length; i++)
        {
            float difference = (scale * quants[i]) + least - x[i];
            error += weights[i] * (byMagnitude ? MathF.Abs(difference) : difference * difference);
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
