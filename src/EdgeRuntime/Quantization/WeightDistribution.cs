using System;
using System.Collections.Generic;
using System.Numerics.Tensors;

namespace EdgeRuntime.Quantization;

/// <summary>The range, the mean and the variance of weights.</summary>
/// <param name="Count">The number of weights.</param>
/// <param name="Least">The least weight.</param>
/// <param name="Greatest">The greatest weight.</param>
/// <param name="Mean">The mean.</param>
/// <param name="Variance">The mean squared distance from the mean.</param>
internal readonly record struct WeightDistribution(long Count, float Least, float Greatest, double Mean, double Variance)
{
    /// <summary>Computes the distribution of weights.</summary>
    public static WeightDistribution Of(ReadOnlyMemory<float> weights)
    {
        ReadOnlySpan<float> values = weights.Span;
        double sum = 0;
        double squares = 0;
        foreach (float value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        double mean = sum / values.Length;
        return new WeightDistribution(
            values.Length, TensorPrimitives.Min(values), TensorPrimitives.Max(values), mean,
            Math.Max(0, (squares / values.Length) - (mean * mean)));
    }

    /// <summary>Computes the distribution of all weights together. Source: Chan, Golub, LeVeque, 1979.</summary>
    public static WeightDistribution Merge(IReadOnlyList<WeightDistribution> parts)
    {
        WeightDistribution all = parts[0];
        for (int i = 1; i < parts.Count; i++)
        {
            WeightDistribution part = parts[i];
            long count = all.Count + part.Count;
            double share = (double)part.Count / count;
            double distance = part.Mean - all.Mean;
            all = new WeightDistribution(
                count,
                MathF.Min(all.Least, part.Least),
                MathF.Max(all.Greatest, part.Greatest),
                all.Mean + (distance * share),
                (all.Variance * (1 - share)) + (part.Variance * share) + (distance * distance * share * (1 - share)));
        }

        return all;
    }

    /// <summary>
    /// Computes the sum of the fourth powers of the distances from the mean, and counts the weights that are more than some standard
    /// deviations from it.
    /// </summary>
    public (double FourthPowers, long Outliers) CountTails(ReadOnlySpan<float> weights, int deviations)
    {
        double fourth = 0;
        long outliers = 0;
        double limit = Variance * deviations * deviations;
        foreach (float weight in weights)
        {
            double distance = weight - Mean;
            double square = distance * distance;
            fourth += square * square;
            outliers += square > limit ? 1 : 0;
        }

        return (fourth, outliers);
    }
}
