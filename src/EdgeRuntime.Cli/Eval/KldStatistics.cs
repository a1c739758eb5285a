using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The values of a quantity at all positions: mean, root mean square and percentiles.</summary>
internal sealed class Distribution
{
    private readonly double[] _sorted;

    /// <param name="values">The values, at least one.</param>
    public Distribution(IEnumerable<double> values)
    {
        _sorted = [.. values];
        Mean = MeanAndError.Of(_sorted);
        MeanAndError squares = MeanAndError.Of(Array.ConvertAll(_sorted, static value => value * value));
        double root = Math.Sqrt(squares.Mean);
        RootMeanSquare = new MeanAndError(root, root > 0 ? 0.5 / root * squares.Error : 0);
        Array.Sort(_sorted);
    }

    /// <summary>Gets the mean.</summary>
    public MeanAndError Mean { get; }

    /// <summary>Gets the root mean square.</summary>
    public MeanAndError RootMeanSquare { get; }

    /// <summary>Gets the value that a fraction of the values does not exceed, interpolated: 0 for the least, 1 for the greatest.</summary>
    public double Percentile(double fraction)
    {
        double place = fraction * (_sorted.Length - 1);
        int index = (int)place;
        double rest = place - index;
        return ((1 - rest) * _sorted[index]) + (rest * _sorted[Math.Min(index + 1, _sorted.Length - 1)]);
    }
}

/// <summary>What the comparison of a model with a base gives. Source: llama.cpp, tools/perplexity.</summary>
internal sealed class KldStatistics
{
    public KldStatistics(KlDivergence model)
    {
        Count = model.Losses.Count;
        MeanAndError loss = MeanAndError.Of(model.Losses);
        MeanAndError baseLoss = MeanAndError.Of(model.BaseLosses);
        double product = model.Losses.Zip(model.BaseLosses, static (a, b) => a * b).Sum() / Count;
        double covariance = Count > 1 ? (product - (loss.Mean * baseLoss.Mean)) / (Count - 1) : 0;
        LogRatio = new MeanAndError(loss.Mean - baseLoss.Mean, Spread(loss.Error, baseLoss.Error, covariance));
        Correlation = loss.Error * baseLoss.Error > 0 ? covariance / (loss.Error * baseLoss.Error) : 1;
        Perplexity = Exp(loss);
        BasePerplexity = Exp(baseLoss);
        Ratio = Exp(LogRatio);
        Difference = new MeanAndError(
            Perplexity.Mean - BasePerplexity.Mean,
            Spread(Perplexity.Error, BasePerplexity.Error, Perplexity.Mean * BasePerplexity.Mean * covariance));
        Divergence = new Distribution(model.Divergences);
        ProbabilityChange = new Distribution(model.Losses.Zip(model.BaseLosses, static (a, b) => Math.Exp(-a) - Math.Exp(-b)));
        double same = model.SameTops.Sum() / Count;
        SameTop = new MeanAndError(same, Count > 1 ? Math.Sqrt(same * (1 - same) / (Count - 1)) : 0);
    }

    /// <summary>Gets the number of scored tokens.</summary>
    public int Count { get; }

    public MeanAndError Perplexity { get; }

    public MeanAndError BasePerplexity { get; }

    /// <summary>Gets the correlation of the log-likelihoods.</summary>
    public double Correlation { get; }

    /// <summary>Gets ln(perplexity / perplexity of the base).</summary>
    public MeanAndError LogRatio { get; }

    /// <summary>Gets perplexity / perplexity of the base.</summary>
    public MeanAndError Ratio { get; }

    /// <summary>Gets perplexity - perplexity of the base.</summary>
    public MeanAndError Difference { get; }

    public Distribution Divergence { get; }

    /// <summary>Gets the change of the probability of the text's token.</summary>
    public Distribution ProbabilityChange { get; }

    /// <summary>Gets the share of positions with the same most probable token.</summary>
    public MeanAndError SameTop { get; }

    private static MeanAndError Exp(MeanAndError log) => new(Math.Exp(log.Mean), Math.Exp(log.Mean) * log.Error);

    private static double Spread(double a, double b, double covariance) => Math.Sqrt(Math.Max(0, (a * a) + (b * b) - (2 * covariance)));
}
