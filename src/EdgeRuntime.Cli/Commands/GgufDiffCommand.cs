using System;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf diff</c>: compares two files.</summary>
internal static class GgufDiffCommand
{
    private const int Different = 1;

    public static Command Create()
    {
        Argument<string> left = GgufCommand.File("A.gguf", "The first file; errors are relative to its weights");
        Argument<string> right = GgufCommand.File("B.gguf", "The second file");
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON object");
        var command = new Command(
            "diff",
            "Shows the metadata that two files do not have alike, and the tensors that differ: their types, shapes and the error of their "
            + "weights. The exit code is 1 if there are differences.") { left, right, json };
        command.SetAction(parsed =>
        {
            using GgufFile first = UserFile.Use(parsed.GetRequiredValue(left), GgufFile.Open);
            using GgufFile second = UserFile.Use(parsed.GetRequiredValue(right), GgufFile.Open);
            GgufComparison comparison = Compare(first, second);
            using var output = new StandardOutput();
            if (parsed.GetValue(json))
            {
                JsonText.Write(ToJson(comparison), output);
            }
            else
            {
                output.Write(ToText(comparison));
            }

            return comparison.IsEqual ? 0 : Different;
        });
        return command;
    }

    private static GgufComparison Compare(GgufFile first, GgufFile second)
    {
        using var interrupts = new Interrupts();
        using var bar = new ProgressBar("comparing");
        return GgufComparison.Compare(first, second, bar, interrupts.Arm());
    }

    private static string ToText(GgufComparison comparison)
    {
        var text = new StringBuilder();
        foreach (GgufKeyDifference key in comparison.Keys)
        {
            text.Append(Invariant($"key {OneLine.Value(key.Key)}\n"));
            text.Append(Invariant($"  A: {key.Left ?? "not there"}\n  B: {key.Right ?? "not there"}\n"));
        }

        if (comparison.Tensors.Count > 0)
        {
            int width = comparison.Tensors.Max(static tensor => tensor.Name.Length);
            text.Append(Invariant($"{"tensor".PadRight(width)}  {"A",-26}{"B",-26}{"relative error",15}{"largest",12}\n"));
            foreach (GgufTensorDifference tensor in comparison.Tensors)
            {
                text.Append(Invariant($"{OneLine.Value(tensor.Name).PadRight(width)}  "));
                text.Append(Invariant($"{tensor.Left ?? "not there",-26}{tensor.Right ?? "not there",-26}"));
                text.Append(Invariant($"{tensor.RelativeError,15:G4}{tensor.LargestError,12:G4}\n"));
            }
        }

        text.Append(comparison.IsEqual
            ? "The files have the same metadata and tensors.\n"
            : Invariant($"{comparison.Keys.Count} keys and {comparison.Tensors.Count} tensors differ.\n"));
        return text.ToString();
    }

    private static JsonObject ToJson(GgufComparison comparison) => new()
    {
        ["equal"] = comparison.IsEqual,
        ["keys"] = new JsonArray([.. comparison.Keys.Select(static key => new JsonObject
        {
            ["key"] = key.Key,
            ["a"] = key.Left,
            ["b"] = key.Right,
        })]),
        ["tensors"] = new JsonArray([.. comparison.Tensors.Select(static tensor => new JsonObject
        {
            ["name"] = tensor.Name,
            ["a"] = tensor.Left,
            ["b"] = tensor.Right,
            ["relative_error"] = Number(tensor.RelativeError),
            ["largest_error"] = Number(tensor.LargestError),
        })]),
    };

    /// <summary>Gets a number, or null: JSON has no infinities.</summary>
    private static JsonValue? Number(double? value) => value is { } number && double.IsFinite(number) ? JsonValue.Create(number) : null;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
