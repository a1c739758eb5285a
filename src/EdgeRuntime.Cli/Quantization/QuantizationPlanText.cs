using System;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>Shows what becomes of the tensors of a model as a table or as JSON.</summary>
internal static class QuantizationPlanText
{
    /// <summary>Gets a table with a line for each tensor.</summary>
    public static string Tensors(QuantizationPlan plan)
    {
        int width = Math.Max("tensor".Length, plan.Tensors.Max(static tensor => OneLine.Value(tensor.Name).Length));
        var text = new StringBuilder();
        text.Append(Invariant($"{"tensor".PadRight(width)}  {"shape",-20}{"from",8}{"to",10}{"bytes",16}\n"));
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            string note = tensor.FallsBack ? $"  instead of {tensor.WantedType}: {tensor.Dimensions[0]} columns" : "";
            text.Append(Invariant($"{OneLine.Value(tensor.Name).PadRight(width)}  {Shape(tensor),-20}"));
            text.Append(Invariant($"{tensor.OldType,8}{tensor.NewType,10}{tensor.NewBytes,16:N0}{note}\n"));
        }

        return text.ToString();
    }

    /// <summary>Gets the sizes before and after, and what a person should know about the types.</summary>
    public static string Summary(QuantizationPlan plan, QuantizationOptions options)
    {
        var text = new StringBuilder();
        text.Append(Invariant($"{plan.Mix}: {ByteText.Format(plan.OldBytes)} ({Bits(plan, plan.OldBytes):F2} bits per weight) -> "));
        text.Append(Invariant($"{ByteText.Format(plan.NewBytes)} ({Bits(plan, plan.NewBytes):F2} bits per weight)\n"));
        string types = string.Join(", ", plan.Tensors.GroupBy(static tensor => tensor.NewType)
            .OrderByDescending(static group => group.Sum(static tensor => tensor.NewBytes))
            .Select(static group => Invariant($"{group.Key} {group.Count()}")));
        text.Append(Invariant($"tensors of each type: {types}\n"));
        if (plan.Tensors.Count(static tensor => tensor.FallsBack) is > 0 and int fallbacks)
        {
            text.Append(Invariant($"{fallbacks} tensors have another type than the mix gives, because their rows are not whole blocks\n"));
        }

        foreach (TensorTypePattern pattern in plan.UnusedPatterns)
        {
            text.Append(Invariant($"--tensor-type {OneLine.Value(pattern.Pattern)}={pattern.Type} changes nothing: no matrix matches, "));
            text.Append("or an earlier pattern matches first\n");
        }

        if (options.Importance is not null
            && plan.Tensors.Count(tensor => IsGuided(tensor) && !options.Importance.TryGet(tensor.Name, out _)) is > 0 and int alone)
        {
            text.Append(Invariant($"{alone} quantized tensors are not in the importance matrix\n"));
        }

        foreach (string problem in plan.Problems)
        {
            text.Append(Invariant($"problem: {OptionNames.Translate(problem)}\n"));
        }

        return text.ToString();
    }

    /// <summary>Gets all of it as JSON.</summary>
    public static JsonObject ToJson(QuantizationPlan plan) => new()
    {
        ["type"] = plan.Mix.Name,
        ["weights"] = plan.Weights,
        ["old_bytes"] = plan.OldBytes,
        ["new_bytes"] = plan.NewBytes,
        ["old_bits_per_weight"] = Bits(plan, plan.OldBytes),
        ["new_bits_per_weight"] = Bits(plan, plan.NewBytes),
        ["problems"] = new JsonArray([.. plan.Problems.Select(static problem => JsonValue.Create(OptionNames.Translate(problem)))]),
        ["tensors"] = new JsonArray([.. plan.Tensors.Select(static tensor => new JsonObject
        {
            ["name"] = tensor.Name,
            ["shape"] = new JsonArray([.. tensor.Dimensions.ToArray().Select(static size => JsonValue.Create(size))]),
            ["old_type"] = tensor.OldType.ToString(),
            ["new_type"] = tensor.NewType.ToString(),
            ["wanted_type"] = tensor.WantedType.ToString(),
            ["old_bytes"] = tensor.OldBytes,
            ["new_bytes"] = tensor.NewBytes,
        })]),
    };

    /// <summary>Gets whether an importance matrix would have something for a tensor: for all but looked-up and copied ones.</summary>
    private static bool IsGuided(PlannedTensor tensor) =>
        !tensor.IsCopied && !tensor.Name.EndsWith("token_embd.weight", StringComparison.Ordinal);

    private static double Bits(QuantizationPlan plan, long bytes) => 8.0 * bytes / Math.Max(plan.Weights, 1);

    private static string Shape(PlannedTensor tensor) =>
        string.Join(" x ", tensor.Dimensions.ToArray().Select(static size => size.ToString(CultureInfo.InvariantCulture)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
