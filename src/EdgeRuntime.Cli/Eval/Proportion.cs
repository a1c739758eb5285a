using System;

namespace EdgeRuntime.Cli.Eval;

/// <summary>A share of items with its uncertainty.</summary>
/// <param name="Hits">The number of items that count.</param>
/// <param name="Count">The number of items.</param>
internal readonly record struct Proportion(int Hits, int Count)
{
    private const double Z = 1.959963984540054; // the quantile of the normal distribution for 95 %

    /// <summary>Gets the share, 0 to 1.</summary>
    public double Value => (double)Hits / Count;

    /// <summary>Gets the standard error, as lm-evaluation-harness computes it: with the variance of the sample.</summary>
    public double Error => Count > 1 ? Math.Sqrt(Value * (1 - Value) / (Count - 1)) : 0;

    /// <summary>Gets the interval that has the true share with a confidence of 95 %. Source: E. B. Wilson, JASA 22 (1927).</summary>
    public (double Low, double High) Interval
    {
        get
        {
            double z2 = Z * Z / Count;
            double middle = Value + (z2 / 2);
            double half = Z * Math.Sqrt((Value * (1 - Value) / Count) + (z2 / (4 * Count)));
            return (Math.Max(0, (middle - half) / (1 + z2)), Math.Min(1, (middle + half) / (1 + z2)));
        }
    }
}
