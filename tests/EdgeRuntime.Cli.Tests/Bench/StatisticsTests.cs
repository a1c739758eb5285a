using System;
using EdgeRuntime.Cli.Bench;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void Median_AnyOrder_IsTheMiddle(double[] values, double expected) => Assert.Equal(expected, Statistics.Median(values), 12);

    [Theory]
    [InlineData(0, 10)]
    [InlineData(50, 30)]
    [InlineData(95, 48)]
    [InlineData(100, 50)]
    public void Percentile_BetweenValues_Interpolates(double percent, double expected) =>
        Assert.Equal(expected, Statistics.Percentile([50, 10, 30, 20, 40], percent), 12);

    [Fact]
    public void StandardDeviation_OfASample_DividesByOneLess() =>
        Assert.Equal(Math.Sqrt(2.5), Statistics.StandardDeviation([1, 2, 3, 4, 5]), 12);

    [Fact]
    public void StandardDeviation_OneValue_IsZero() => Assert.Equal(0, Statistics.StandardDeviation([7]));

    // The table of the sign test: n values, the k-th least and greatest, and their confidence.
    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(5, 1, 0.9375)]
    [InlineData(6, 1, 0.96875)]
    [InlineData(8, 1, 0.9921875)]
    [InlineData(9, 2, 0.9609375)]
    [InlineData(20, 6, 0.9586)]
    public void MedianInterval_OfN_TakesTheKthFromBothEnds(int n, int k, double confidence)
    {
        double[] values = new double[n];
        for (int i = 0; i < n; i++)
        {
            values[i] = n - i;
        }

        (double low, double high, double found) = Statistics.MedianInterval(values);
        Assert.Equal((k, n + 1 - k), (low, high));
        Assert.Equal(confidence, found, 4);
    }

    [Fact]
    public void Median_NoValues_IsRefused() => Assert.Throws<ArgumentException>(() => Statistics.Median([]));
}
