using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EdgeRuntime.Quantization;

/// <summary>The distribution of the mean squares of the activations that the columns of a tensor multiply.</summary>
/// <remarks>Experts that received no token are left out. The figures are those of llama.cpp's <c>--show-statistics</c>.</remarks>
public sealed class ImportanceStatistics
{
    private const double Inactive = 1e-5;

    private ImportanceStatistics(string tensor) => Tensor = tensor;

    /// <summary>Gets the name of the tensor.</summary>
    public string Tensor { get; }

    /// <summary>Gets the number of columns; of all experts together for a tensor with a matrix for each.</summary>
    public int Columns { get; private init; }

    /// <summary>Gets the sum of the mean squares.</summary>
    public double Total { get; private init; }

    /// <summary>Gets the least mean square.</summary>
    public double Least { get; private init; }

    /// <summary>Gets the greatest mean square.</summary>
    public double Greatest { get; private init; }

    /// <summary>Gets the mean of the mean squares.</summary>
    public double Mean => Total / Columns;

    /// <summary>Gets the standard deviation of the mean squares.</summary>
    public double StandardDeviation { get; private init; }

    /// <summary>Gets the share of the columns whose mean square is above 0.00001, from 0 to 1.</summary>
    public double ActiveShare { get; private init; }

    /// <summary>Gets the share of the columns that are more than one standard deviation above the mean, from 0 to 1.</summary>
    public double OutlierShare { get; private init; }

    /// <summary>Gets the entropy of the mean squares as shares of their sum, in bits.</summary>
    public double Entropy { get; private init; }

    /// <summary>
    /// Gets the cosine similarity with the same tensor of the layer before, from 0 to 1; 0 where there is no such tensor.
    /// </summary>
    public double Similarity { get; private init; }

    /// <summary>Gets the index of the layer, or null for a tensor that is in no layer.</summary>
    public int? Layer => FindLayer(Tensor) is { } place ? place.Layer : null;

    /// <summary>Computes the statistics of all tensors that received a token, in the order of their names.</summary>
    internal static IReadOnlyList<ImportanceStatistics> Of(IReadOnlyDictionary<string, ImportanceSums> all) =>
    [
        .. all.Where(static item => item.Value.Counts.Any(static count => count > 0))
            .Select(item => Of(item.Key, item.Value, Compare(item.Key, item.Value, all))),
    ];

    private static ImportanceStatistics Of(string tensor, ImportanceSums sums, double similarity)
    {
        int columns = sums.Squares.Length / sums.Counts.Length;
        double[] means = [.. sums.Means().Select(static mean => (double)mean).Where((_, i) => sums.Counts[i / columns] > 0)];
        double total = means.Sum();
        double mean = total / means.Length;
        double deviation = Math.Sqrt(Math.Max(0, (means.Sum(static value => value * value) / means.Length) - (mean * mean)));
        return new ImportanceStatistics(tensor)
        {
            Columns = means.Length,
            Total = total,
            Least = means.Min(),
            Greatest = means.Max(),
            StandardDeviation = deviation,
            ActiveShare = (double)means.Count(static value => value > Inactive) / means.Length,
            OutlierShare = deviation > 0 ? (double)means.Count(value => value - mean > deviation) / means.Length : 0,
            Entropy = means.Where(static value => value > 0).Sum(value => -(value / total) * Math.Log2(value / total)),
            Similarity = similarity,
        };
    }

    private static double Compare(string tensor, ImportanceSums sums, IReadOnlyDictionary<string, ImportanceSums> all)
    {
        if (FindLayer(tensor) is not { } place
            || !all.TryGetValue(place.NameIn(place.Layer - 1), out ImportanceSums? before)
            || before.Squares.Length != sums.Squares.Length)
        {
            return 0;
        }

        double magnitudes = Math.Sqrt(Product(sums, sums) * Product(before, before));
        return magnitudes > 0 ? Product(sums, before) / magnitudes : 0;
    }

    private static double Product(ImportanceSums a, ImportanceSums b)
    {
        double product = 0;
        for (int i = 0; i < a.Squares.Length; i++)
        {
            product += (double)a.Squares[i] * b.Squares[i];
        }

        return product;
    }

    private static Place? FindLayer(string tensor)
    {
        string[] parts = tensor.Split('.');
        int block = Array.IndexOf(parts, "blk");
        return block >= 0 && block + 1 < parts.Length
            && int.TryParse(parts[block + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? new Place(parts, block + 1, layer)
            : null;
    }

    /// <summary>The place of a layer's index in the name of a tensor.</summary>
    private readonly record struct Place(string[] Parts, int Index, int Layer)
    {
        public string NameIn(int layer) =>
            string.Join('.', [.. Parts[..Index], layer.ToString(CultureInfo.InvariantCulture), .. Parts[(Index + 1)..]]);
    }
}
