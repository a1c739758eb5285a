using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization.Search;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>Shows a mix that was found by measurement.</summary>
internal static class MixReport
{
    private const int BarWidth = 50;

    /// <summary>Gets a table of the tensors, the curve of size against quality, and how far the prediction was off.</summary>
    public static string Format(MixPlan plan)
    {
        var text = new StringBuilder();
        AddTensors(text, plan);
        AddCurve(text, plan);
        text.Append(Invariant($"{plan.BitsPerWeight:F2} bits per weight: KL divergence predicted {plan.PredictedDivergence:G3} nats, "));
        text.Append(Invariant($"measured {plan.MeasuredDivergence:G3} nats"));
        if (plan.PredictedDivergence > 0)
        {
            text.Append(Invariant($": {plan.MeasuredDivergence / plan.PredictedDivergence:F2} times the prediction"));
        }

        text.Append('\n');
        if (plan is { TokensPerSecond: { } speed, Device: { } device })
        {
            text.Append(Invariant($"predicted speed: {speed:F1} tokens per second on {OneLine.Value(device.Processor)}, "));
            text.Append(Invariant($"{Plural.Of(device.Threads, "thread")}, from the speeds of types in {OneLine.Value(device.Model)}\n"));
        }

        return text.ToString();
    }

    /// <summary>Gets all of it as JSON.</summary>
    public static JsonObject ToJson(MixPlan plan) => new()
    {
        ["bits_per_weight"] = plan.BitsPerWeight,
        ["predicted_divergence"] = plan.PredictedDivergence,
        ["measured_divergence"] = plan.MeasuredDivergence,
        ["predicted_tokens_per_second"] = plan.TokensPerSecond,
        ["device"] = plan.Device?.Processor,
        ["divergences"] = new JsonObject(plan.Tensors.Select(
            static tensor => new KeyValuePair<string, JsonNode?>(tensor.Name, tensor.Divergence))),
        ["curve"] = new JsonArray([.. plan.Curve.Select(static point => new JsonObject
        {
            ["bits_per_weight"] = point.BitsPerWeight,
            ["predicted_divergence"] = point.Divergence,
        })]),
    };

    private static void AddTensors(StringBuilder text, MixPlan plan)
    {
        int width = Math.Max("tensor".Length, plan.Tensors.Max(static tensor => OneLine.Value(tensor.Name).Length));
        text.Append(Invariant($"{"tensor".PadRight(width)}{"type",10}{"bits",8}{"KL divergence, nats",22}{"share",9}\n"));
        foreach (MixPlanTensor tensor in plan.Tensors)
        {
            string name = OneLine.Value(tensor.Name).PadRight(width);
            text.Append(Invariant($"{name}{tensor.Type,10}{8.0 * tensor.Bytes / tensor.Weights,8:F2}"));
            double share = plan.PredictedDivergence > 0 ? tensor.Divergence / plan.PredictedDivergence : 0;
            text.Append(Invariant($"{tensor.Divergence,22:E2}{100 * share,7:F1} %\n"));
        }
    }

    /// <summary>Adds a bar for each size. Bars are logarithms of the divergence.</summary>
    private static void AddCurve(StringBuilder text, MixPlan plan)
    {
        MixPoint[] points = [.. plan.Curve.Where(static point => point.Divergence > 0)];
        if (points.Length < 2)
        {
            return;
        }

        double low = Math.Log(points.Min(static point => point.Divergence));
        double range = Math.Max(Math.Log(points.Max(static point => point.Divergence)) - low, 1e-9);
        int nearest = Array.IndexOf(points, points.MinBy(point => Math.Abs(point.BitsPerWeight - plan.BitsPerWeight)));
        text.Append("\nbits per weight, predicted KL divergence (bars on a logarithmic scale), * for this mix\n");
        for (int i = 0; i < points.Length; i++)
        {
            int length = 1 + (int)Math.Round((BarWidth - 1) * (Math.Log(points[i].Divergence) - low) / range);
            text.Append(Invariant($"{points[i].BitsPerWeight,6:F2} {(i == nearest ? '*' : ' ')} {points[i].Divergence,9:E1} "));
            text.Append('#', length).Append('\n');
        }

        text.Append('\n');
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
