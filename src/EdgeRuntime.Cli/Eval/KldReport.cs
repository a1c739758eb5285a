using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The comparisons of models with a base as text, with the labels of llama.cpp, and as JSON.</summary>
internal static class KldReport
{
    private static readonly (string Label, string Key, double Fraction)[] s_divergences =
    [
        ("Maximum", "max", 1), ("99.9%  ", "p99.9", 0.999), ("99.0%  ", "p99", 0.99), ("95.0%  ", "p95", 0.95), ("90.0%  ", "p90", 0.9),
        ("Median ", "median", 0.5), ("10.0%  ", "p10", 0.1), (" 5.0%  ", "p5", 0.05), (" 1.0%  ", "p1", 0.01), (" 0.1%  ", "p0.1", 0.001),
        ("Minimum", "min", 0),
    ];

    /// <summary>Writes a block for each model, and a line for each if there are several.</summary>
    public static void Write(IReadOnlyList<KlDivergence> models, StandardOutput output)
    {
        foreach (KlDivergence model in models)
        {
            output.Write(Format(model));
        }

        if (models.Count > 1)
        {
            output.Write("  mean KLD   median KLD   99.9% KLD   same top    PPL / base  model\n");
            foreach (KlDivergence model in models)
            {
                var s = new KldStatistics(model);
                output.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{s.Divergence.Mean.Mean,10:F6}   {s.Divergence.Percentile(0.5),10:F6}  {s.Divergence.Percentile(0.999),10:F6}   "
                    + $"{100 * s.SameTop.Mean,6:F3} %   {s.Ratio.Mean,10:F6}  {Path.GetFileName(model.Path)}\n"));
            }
        }
    }

    /// <summary>Makes the JSON object of the results.</summary>
    /// <param name="models">The comparisons.</param>
    /// <param name="reference">The path of the base model, or of the file of its logits.</param>
    /// <param name="text">The text.</param>
    public static JsonObject ToJson(IReadOnlyList<KlDivergence> models, string reference, ChunkedText text) => new()
    {
        ["base"] = reference,
        ["context"] = text.Context,
        ["chunks"] = text.Count,
        ["tokens_scored"] = (long)text.Count * text.Scored,
        ["models"] = new JsonArray([.. models.Select(static model => (JsonNode)ToJson(model))]),
    };

    private static JsonObject ToJson(KlDivergence model)
    {
        var statistics = new KldStatistics(model);
        var json = new JsonObject { ["model"] = model.Path, ["bytes"] = new FileInfo(model.Path).Length };
        Add(json, "perplexity", statistics.Perplexity);
        Add(json, "base_perplexity", statistics.BasePerplexity);
        json["correlation"] = statistics.Correlation;
        Add(json, "log_ratio", statistics.LogRatio);
        Add(json, "ratio", statistics.Ratio);
        Add(json, "difference", statistics.Difference);
        json["kld"] = ToJson(statistics.Divergence);
        json["probability_change"] = ToJson(statistics.ProbabilityChange);
        Add(json, "same_top", statistics.SameTop);
        return json;
    }

    private static JsonObject ToJson(Distribution distribution)
    {
        var json = new JsonObject();
        Add(json, "mean", distribution.Mean);
        Add(json, "rms", distribution.RootMeanSquare);
        foreach ((_, string key, double fraction) in s_divergences)
        {
            json[key] = distribution.Percentile(fraction);
        }

        return json;
    }

    private static void Add(JsonObject json, string name, MeanAndError value)
    {
        json[name] = value.Mean;
        json[name + "_error"] = value.Error;
    }

    private static string Format(KlDivergence model)
    {
        var s = new KldStatistics(model);
        var text = new StringBuilder();
        void Line(string label, MeanAndError value, string format = "F6", string unit = "") => text.Append(
            $"{label}: {value.Mean.ToString(format, CultureInfo.InvariantCulture),10} ± "
            + $"{value.Error.ToString(format, CultureInfo.InvariantCulture),10}{unit}\n");
        text.Append(CultureInfo.InvariantCulture, $"{model.Path}\n====== Perplexity statistics ======\n");
        Line("Mean PPL(Q)                   ", s.Perplexity);
        Line("Mean PPL(base)                ", s.BasePerplexity);
        text.Append(CultureInfo.InvariantCulture, $"Cor(ln(PPL(Q)), ln(PPL(base))): {100 * s.Correlation,6:F2}%\n");
        Line("Mean ln(PPL(Q)/PPL(base))     ", s.LogRatio);
        Line("Mean PPL(Q)/PPL(base)         ", s.Ratio);
        Line("Mean PPL(Q)-PPL(base)         ", s.Difference);
        text.Append("\n====== KL divergence statistics ======\n");
        Line("Mean    KLD", s.Divergence.Mean);
        foreach ((string label, _, double fraction) in s_divergences)
        {
            text.Append(CultureInfo.InvariantCulture, $"{label} KLD: {s.Divergence.Percentile(fraction),10:F6}\n");
        }

        text.Append("\n====== Token probability statistics ======\n");
        Line("Mean    Δp", Percent(s.ProbabilityChange.Mean), "F3", " %");
        foreach ((string label, _, double fraction) in s_divergences)
        {
            text.Append(CultureInfo.InvariantCulture, $"{label} Δp: {100 * s.ProbabilityChange.Percentile(fraction),6:F3}%\n");
        }

        Line("RMS Δp    ", Percent(s.ProbabilityChange.RootMeanSquare), "F3", " %");
        Line("Same top p", Percent(s.SameTop), "F3", " %");
        return text.Append('\n').ToString();
    }

    private static MeanAndError Percent(MeanAndError value) => new(100 * value.Mean, 100 * value.Error);
}
