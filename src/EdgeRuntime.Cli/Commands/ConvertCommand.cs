using System;
using System.CommandLine;
using System.IO;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Conversion;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert convert</c>: makes a GGUF file of a model folder in Hugging Face's layout.</summary>
internal static class ConvertCommand
{
    public const string Name = "convert";

    private const string Automatic = "auto";

    public static Command Create()
    {
        var folder = new Argument<string>("folder")
        {
            Description = "A folder with config.json, model*.safetensors and tokenizer.json (or tokenizer.model)",
        };
        var output = new Argument<string>("output") { Description = "The GGUF file to write" };
        Option<string?> type = OptionFactory.Text(
            "--type", [], "The type of the matrices: F32, F16, BF16, Q8_0, or auto for the type of the folder [default: auto]", "TYPE");
        Option<string?> name = OptionFactory.Text("--name", [], "The name of the model [default: the name of the folder]", "TEXT");
        Option<string?> preTokenizer = ModelCommandOptions.CreatePreTokenizer();
        Option<bool> json = OptionFactory.Switch("--json", [], "Print the result as JSON");
        var command = new Command(
            Name,
            "Converts a model in Hugging Face's layout to a GGUF file, with the tensors, names and keys that llama.cpp's converter writes.")
        {
            folder, output, type, name, preTokenizer, json, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            var options = new ConversionOptions
            {
                Type = ParseType(parsed.GetValue(type) ?? Automatic),
                Name = parsed.GetValue(name),
                PreTokenizer = parsed.GetValue(preTokenizer),
            };
            string source = parsed.GetRequiredValue(folder);
            string target = parsed.GetRequiredValue(output);
            if (!Directory.Exists(source))
            {
                throw new CommandException($"{source}: no such folder; expected a folder with config.json and model*.safetensors");
            }

            Report(Convert(source, target, options), target, parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static ConversionResult Convert(string folder, string output, ConversionOptions options)
    {
        using var interrupts = new Interrupts();
        CancellationToken cancel = interrupts.Arm();
        using var bar = new ProgressBar("converting");
        return ModelConverter.Convert(folder, output, options, bar, cancel);
    }

    private static TensorType? ParseType(string text) => text.ToUpperInvariant() switch
    {
        "AUTO" => null,
        "F32" => TensorType.F32,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        "Q8_0" => TensorType.Q8_0,
        _ => throw new UsageException($"--type {text}: expected F32, F16, BF16, Q8_0 or auto"),
    };

    private static void Report(ConversionResult result, string path, bool json)
    {
        using var output = new StandardOutput();
        if (!json)
        {
            output.Write(FormattableString.Invariant(
                $"{path}: {result.Architecture}, {result.TensorCount} tensors, {result.ParameterCount:N0} parameters, ")
                + $"{result.Type}, {ByteText.Format(result.ByteLength)}\n");
            return;
        }

        JsonText.Write(
            new JsonObject
            {
                ["path"] = path,
                ["architecture"] = result.Architecture,
                ["type"] = result.Type.ToString(),
                ["tensors"] = result.TensorCount,
                ["parameters"] = result.ParameterCount,
                ["bytes"] = result.ByteLength,
            },
            output);
    }
}
