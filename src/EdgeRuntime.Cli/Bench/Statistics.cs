using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Computes statistics of repeated measurements.</summary>
internal static class Statistics
{
    /// <summary>Computes the median: the middle value, or the mean of the two middle ones.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Median(IReadOnlyCollection<double> values) => Percentile(values, 50);

    /// <summary>Computes the value below which <paramref name="percent"/> % of the values lie, interpolated between neighbours.</summary>
    /// <param name="values">At least one, in any order.</param>
    /// <param name="percent">0 for the least, 100 for the greatest.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Percentile(IReadOnlyCollection<double> values, double percent)
    {
        double[] sorted = Sorted(values);
        double place = percent / 100 * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }

    /// <summary>Computes the standard deviation of a sample (n - 1); 0 for one value.</summary>
    public static double StandardDeviation(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }

    /// <summary>
    /// Computes an interval that contains the median of any distribution with at least <paramref name="confidence"/>: the k-th least
    /// and k-th greatest value for the largest sufficient k, or the least and the greatest value if no k suffices.
    /// </summary>
    /// <returns>The interval, and its actual confidence: 1 - 2 P(Binomial(n, 1/2) &lt; k).</returns>
    /// <remarks>Source: order statistics, as in Conover, Practical Nonparametric Statistics, section 3.2.</remarks>
    public static (double Low, double High, double Confidence) MedianInterval(IReadOnlyCollection<double> values, double confidence = 0.95)
    {
        double[] sorted = Sorted(values);
        int n = sorted.Length;
        double term = Math.Pow(0.5, n); // P(exactly j values lie below the median), here for j = 0
        double tail = term;
        int k = 1;
        while (2 * (k + 1) <= n)
        {
            double next = term * (n - k + 1) / k;
            if (1 - (2 * (tail + next)) < confidence)
            {
                break;
            }

            term = next;
            tail += next;
            k++;
        }

        return (sorted[k - 1], sorted[n - k], Math.Max(0, 1 - (2 * tail)));
    }

    private static double[] Sorted(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("no values", nameof(values));
        }

        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted;
    }
}
