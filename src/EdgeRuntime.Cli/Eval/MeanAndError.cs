using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Eval;

/// <summary>A mean and its standard error.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Error">The standard error of the mean; 0 for fewer than two values.</param>
internal readonly record struct MeanAndError(double Mean, double Error)
{
    /// <summary>Computes the mean of values.</summary>
    public static MeanAndError Of(IReadOnlyCollection<double> values)
    {
        double mean = values.Sum() / values.Count;
        double variance = (values.Sum(static value => value * value) / values.Count) - (mean * mean);
        return new MeanAndError(mean, variance > 0 && values.Count > 1 ? Math.Sqrt(variance / (values.Count - 1)) : 0);
    }
}
