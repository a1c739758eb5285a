using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// Scale searches of the K-quant quantizers. They follow the method of ggml's reference; a test checks that their errors are as small. The
/// bytes may differ from ggml's.
/// Source of the method: ggml-quants.c <c>make_qkx2_quants</c>, <c>make_qx_quants</c>, <c>make_q3_quants</c>.
/// </summary>
internal static class KQuantSearch
{
    // A group of weights with a range or magnitude below this becomes zeros.
    private const float Epsilon = 1e-15f;

    /// <summary>
    /// Finds the scale and the minimum for x ~ scale * q - min with q in 0..max and min >= 0. The search starts from the range of x and
    /// tries slightly different scales; for each it solves for the scale and minimum with the least weighted error.
    /// </summary>
    /// <param name="max">The largest quant.</param>
    /// <param name="x">The weights of a sub-block.</param>
    /// <param name="weights">The weight of each error.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <param name="firstStep">The first trial maps the range to max + firstStep steps.</param>
    /// <param name="steps">The number of trials after the first; each adds 0.1 steps.</param>
    /// <param name="byMagnitude">Whether to minimize absolute errors instead of squared errors.</param>
    /// <param name="min">The minimum to subtract.</param>
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
    /// Finds the scale for x ~ scale * q with q in -steps..steps - 1. The search tries nineteen scales around the one that maps the largest
    /// magnitude to -steps and keeps the one with the least squared error weighted by x squared.
    /// </summary>
    /// <returns>The scale, or 0 if all weights are close to zero.</returns>
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
    /// Finds the scale for x ~ scale * q with q in -steps..steps - 1 by coordinate descent. The search starts with the scale that maps the
    /// largest magnitude to -steps, then changes one quant at a time where that lowers the squared error weighted by x squared, for at most
    /// five rounds.
    /// </summary>
    /// <param name="steps">The largest magnitude of a quant.</param>
    /// <param name="x">The weights of a sub-block.</param>
    /// <param name="quants">Receives the quants plus <paramref name="steps"/>.</param>
    /// <returns>The scale, or 0 if all weights are close to zero.</returns>
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

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    public static int NearestInt(float value) => (int)MathF.Round(value);

    /// <summary>Runs one round of the descent over all quants.</summary>
    /// <returns>Whether any quant changed.</returns>
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
