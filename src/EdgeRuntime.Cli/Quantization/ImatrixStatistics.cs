using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>The statistics of an importance matrix as text, with the columns of llama.cpp's tool.</summary>
internal static class ImatrixStatistics
{
    private const string Header =
        "layer  tensor                       sum(act^2)         min           max       mean      sigma   active        N    entropy  "
        + "E (norm)        ZD   cos sim\n";

    /// <summary>Formats a line for each tensor, and one for each layer.</summary>
    public static string Format(string path, ImportanceMatrix matrix)
    {
        IReadOnlyList<ImportanceStatistics> tensors = matrix.ComputeStatistics();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Statistics of {path} ({tensors.Count} tensors)\n\n").Append(Header);
        foreach (ImportanceStatistics s in tensors.OrderBy(static s => ShortName(s.Tensor), StringComparer.Ordinal)
            .ThenByDescending(static s => s.Total))
        {
            text.Append(CultureInfo.InvariantCulture, $"{s.Layer?.ToString(CultureInfo.InvariantCulture) ?? "-",5}  ")
                .Append(CultureInfo.InvariantCulture, $"{OneLine.Value(ShortName(s.Tensor)),-24}  {s.Total,13:F2}  {s.Least,10:F4}  ")
                .Append(CultureInfo.InvariantCulture, $"{s.Greatest,12:F4}  ")
                .Append(CultureInfo.InvariantCulture, $"{s.Mean,9:F2}  {s.StandardDeviation,9:F2}  {100 * s.ActiveShare,6:F2}%  ")
                .Append(CultureInfo.InvariantCulture, $"{s.Columns,7}  {s.Entropy,9:F4}  {100 * NormalizedEntropy(s),7:F2}%  ")
                .Append(CultureInfo.InvariantCulture, $"{100 * s.OutlierShare,7:F2}%  {s.Similarity,8:F4}\n");
        }

        text.Append("\nMeans of each layer, weighted by columns\n\nlayer      sum(act^2)        ZD   cos sim\n");
        foreach (IGrouping<int, ImportanceStatistics> layer in tensors.Where(static s => s.Layer is not null)
            .GroupBy(static s => s.Layer!.Value).OrderBy(static group => group.Key))
        {
            double Mean(Func<ImportanceStatistics, double> value) =>
                layer.Sum(s => s.Columns * value(s)) / layer.Sum(static s => (double)s.Columns);
            text.Append(CultureInfo.InvariantCulture, $"{layer.Key,5}  {Mean(static s => s.Total),14:F2}  ")
                .Append(CultureInfo.InvariantCulture, $"{100 * Mean(static s => s.OutlierShare),7:F4}%  ")
                .Append(CultureInfo.InvariantCulture, $"{Mean(static s => s.Similarity),8:F4}\n");
        }

        return text.ToString();
    }

    /// <summary>Gets the share of the entropy of equal columns.</summary>
    private static double NormalizedEntropy(ImportanceStatistics s) => s.Columns > 1 ? s.Entropy / Math.Log2(s.Columns) : 0;

    /// <summary>Gets the part of a name before "weight", or the whole name.</summary>
    private static string ShortName(string tensor)
    {
        string[] parts = tensor.Split('.');
        int weight = Array.IndexOf(parts, "weight");
        return weight > 0 ? parts[weight - 1] : tensor;
    }
}
