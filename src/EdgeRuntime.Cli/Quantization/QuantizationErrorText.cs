using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>Shows the errors of quantization as a table or as JSON.</summary>
internal static class QuantizationErrorText
{
    /// <summary>The explanation of a sample, with which every form of the report begins; empty if all rows were measured.</summary>
    public static string DescribeSample(IReadOnlyList<TensorErrorReport> tensors)
    {
        int samples = tensors.Count(static tensor => tensor.MeasuredRows < tensor.Rows);
        return samples == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"{samples} of {tensors.Count} tensors are large: their figures come from a sample of rows (--sample 0 measures all rows).");
    }

    /// <summary>Gets the shape of a tensor, innermost first.</summary>
    public static string Shape(TensorErrorReport tensor) =>
        string.Join(" x ", tensor.Dimensions.ToArray().Select(static size => size.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Writes one table with a line for each tensor.</summary>
    public static void WriteTable(QuantizationErrorReport report, QuantizationErrorOptions options, int width, TextWriter output)
    {
        IReadOnlyList<WayToQuantize> all = WayToQuantize.OfAll(report.Tensors);
        var total = new BenchRow { { "tensor", "all" }, { "weights", report.Tensors.Sum(static tensor => tensor.Weights) } };
        AddErrors(total, all);
        var bits = new BenchRow { { "tensor", "bits per weight" } };
        foreach (WayToQuantize way in all)
        {
            bits.Add(way.Name, way.BitsPerWeight / 100); // the columns show percent
        }

        BenchColumn[] columns =
        [
            new("tensor", "tensor", IsKey: true), new("type", "type"), new("shape", "shape"), new("measured rows", "sample"),
            new("least", "least", 4), new("greatest", "greatest", 4), new("deviation", "deviation", 5), new("kurtosis", "kurtosis", 2),
            new("outliers %", "outliers", 4, 100), new("largest", "largest", 1),
            .. WayToQuantize.NamesOf(report.Tensors).Select(static name => new BenchColumn(name, name, 2, 100)),
        ];
        output.Write(Explain(report, options));
        if (DescribeSample(report.Tensors) is { Length: > 0 } sample)
        {
            output.Write(sample + "\n");
        }

        BenchReport.WriteTable([bits, .. report.Tensors.Select(ToRow), total], columns, width, output);
        output.Write(FormattableString.Invariant(
            $"{report.Tensors.Count} matrices; {report.LeftOutTensors} tensors that quantizers leave as they are\n"));
    }

    /// <summary>Explains the columns, and which types have none.</summary>
    private static string Explain(QuantizationErrorReport report, QuantizationErrorOptions options)
    {
        IReadOnlyList<string> columns = WayToQuantize.NamesOf(report.Tensors);
        string text = "Errors are in % of the root mean square of the weights. The last line has those types that every matrix can have.\n"
            + "least, greatest, deviation: of the weights; kurtosis: 0 for a normal distribution; outliers: weights more than "
            + FormattableString.Invariant($"{TensorErrorReport.OutlierDeviations} standard deviations from the mean;\n")
            + "largest: the greatest distance from the mean, in standard deviations.\n";
        text += options.Bits is not [int bits, ..] ? ""
            : FormattableString.Invariant($"{bits}b: plain rounding to {bits} bits; sym: with a scale, asym: with a ")
            + "scale and a minimum for each tensor, row (channel) or group "
            + FormattableString.Invariant($"({options.GroupSize} weights of a row).\n");
        string[] missing = [.. options.Types.Select(static type => type.ToString()).Except(columns)];
        return missing.Length == 0 ? text : text + string.Join(", ", missing)
            + ": no column, because no row is whole blocks of the type, or it needs an importance matrix (--imatrix).\n";
    }

    /// <summary>Gets all of it as JSON.</summary>
    public static JsonObject ToJson(string model, QuantizationErrorReport report) => new()
    {
        ["model"] = model,
        ["left_out_tensors"] = report.LeftOutTensors,
        ["all"] = ToJson(WayToQuantize.OfAll(report.Tensors)),
        ["tensors"] = new JsonArray([.. report.Tensors.Select(static tensor => new JsonObject
        {
            ["name"] = tensor.Name,
            ["type"] = tensor.Type.ToString(),
            ["shape"] = new JsonArray([.. tensor.Dimensions.ToArray().Select(static size => JsonValue.Create(size))]),
            ["rows"] = tensor.Rows,
            ["measured_rows"] = tensor.MeasuredRows,
            ["weighted"] = tensor.HasImportance,
            ["least"] = tensor.Least,
            ["greatest"] = tensor.Greatest,
            ["mean"] = tensor.Mean,
            ["deviation"] = tensor.Deviation,
            ["kurtosis"] = tensor.Kurtosis,
            ["outlier_share"] = tensor.OutlierShare,
            ["largest_deviation"] = tensor.LargestDeviation,
            ["errors"] = ToJson(WayToQuantize.Of(tensor)),
        })]),
    };

    private static BenchRow ToRow(TensorErrorReport tensor)
    {
        var row = new BenchRow { { "tensor", OneLine.Value(tensor.Name) }, { "type", tensor.Type.ToString() }, { "shape", Shape(tensor) } };
        if (tensor.MeasuredRows < tensor.Rows)
        {
            row.Add("sample", FormattableString.Invariant($"{tensor.MeasuredRows} of {tensor.Rows}"));
        }

        row.Add("least", (double)tensor.Least);
        row.Add("greatest", (double)tensor.Greatest);
        row.Add("deviation", tensor.Deviation);
        row.Add("kurtosis", tensor.Kurtosis);
        row.Add("outliers", tensor.OutlierShare);
        row.Add("largest", tensor.LargestDeviation);
        AddErrors(row, WayToQuantize.Of(tensor));
        return row;
    }

    private static void AddErrors(BenchRow row, IEnumerable<WayToQuantize> ways)
    {
        foreach (WayToQuantize way in ways)
        {
            row.Add(way.Name, way.RelativeError);
        }
    }

    private static JsonArray ToJson(IEnumerable<WayToQuantize> ways) => new([.. ways.Select(static way =>
    {
        var json = new JsonObject
        {
            ["name"] = way.Name,
            ["bits_per_weight"] = way.BitsPerWeight,
            ["relative_error"] = way.RelativeError,
        };
        if (way.Scheme is { } scheme)
        {
            json["bits"] = scheme.Bits;
            json["granularity"] = scheme.Granularity.ToString().ToLowerInvariant();
            json["symmetric"] = scheme.IsSymmetric;
        }

        return json;
    })]);
}
