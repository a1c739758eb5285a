using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert info</c>: prints the contents and requirements of a model file, and whether it can run on this machine.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        var options = new ModelCommandOptions();
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON object");
        Option<bool> architectures = OptionFactory.Switch(
            "--architectures", [], "Print the architectures that this build runs instead, one a line");
        var command = new Command(
            "info",
            "Prints what a model file holds: architecture, sizes, tensor types, tokenizer, chat template, the memory that a context of "
            + "--ctx tokens will need, and whether this build can run it. Nothing is loaded.")
        {
            options.ModelArgument, options.Model, options.Context, options.KvType, options.KvKeyType, options.KvValueType, options.Isa,
            options.Verbose, json, architectures,
        };
        command.SetAction(parsed =>
        {
            using var output = new StandardOutput();
            if (parsed.GetValue(architectures))
            {
                output.Write(string.Concat(ModelInspection.SupportedArchitectures.Select(name => name + "\n")));
                return 0;
            }

            using GgufFile file = GgufFile.Open(options.FindModel(parsed));
            var facts = ModelFacts.Read(file, parsed.GetValue(options.Isa));
            int trained = facts.Inspection.ContextLength ?? SessionOptions.DefaultContextLength;
            int context = options.GetContextLength(parsed, trained) ?? Math.Min(trained, SessionOptions.DefaultContextLength);
            if (parsed.GetValue(json))
            {
                JsonText.Write(ToJson(facts, context, options.GetKvTypes(parsed)), output);
            }
            else
            {
                output.Write(ToText(facts, context, options.GetKvTypes(parsed)));
            }

            return 0;
        });
        return command;
    }

    private static string ToText(ModelFacts facts, int context, KvTypes kvTypes)
    {
        GgufFile file = facts.File;
        var text = new StringBuilder();
        string parts = file.Parts.Count > 1 ? $", {file.Parts.Count} parts" : "";
        Add("file", $"{file.Path} ({ByteText.Format(file.ByteLength)}, GGUF version {file.Version}{parts})");
        Add("name", facts.Name ?? "not given");
        Add("architecture", facts.Inspection.Architecture ?? "not given");
        foreach ((string key, string value) in facts.Sizes)
        {
            Add("  " + key, value);
        }

        Add("parameters", Invariant($"{facts.Parameters:N0}, {facts.BitsPerWeight:F2} bits per weight"));
        Add("tokenizer", facts.TokenizerText);
        Add("template", facts.Template.Length > 0 ? Invariant($"yes ({facts.Template.Length:N0} characters)") : "none");
        text.Append(Invariant($"\n{"tensor type",-14}{"tensors",8}{"bytes",16}   kernels here\n"));
        foreach (TensorTypeCount type in facts.TensorTypes)
        {
            text.Append(Invariant($"{type.Type,-14}{type.Count,8}{type.Bytes,16:N0}   {(type.HasKernels ? "yes" : "no")}\n"));
        }

        AddTensorsNotRun(text, facts.Inspection.TensorsNotRun);
        long? cache = facts.Inspection.KvCacheBytes(context, kvTypes.Keys, kvTypes.Values);
        text.Append(Invariant($"\nmemory for a context of {context} tokens\n"));
        Add("  weights", "about " + ByteText.Format(facts.WeightBytes));
        Add("  KV cache", cache is { } bytes ? $"{ByteText.Format(bytes)} ({kvTypes})" : "not known");
        text.Append('\n');
        Add("runs here", facts.Problems.Count == 0 ? $"yes, with {facts.InstructionSet} kernels" : "no");
        foreach (string problem in facts.Problems)
        {
            Add("", problem);
        }

        return text.ToString();

        void Add(string name, string value) => text.Append(Invariant($"{name,-16}{OneLine.Value(value)}\n"));
    }

    private static void AddTensorsNotRun(StringBuilder text, IReadOnlyList<GgufTensor> tensors)
    {
        if (tensors.Count > 0)
        {
            string bytes = ByteText.Format(tensors.Sum(tensor => tensor.ByteLength));
            text.Append(Invariant($"\ntensors that do not run here ({tensors.Count}, {bytes}); the answers do not depend on them\n"));
            foreach (GgufTensor tensor in tensors)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {tensor.Name}\n");
            }
        }
    }

    private static JsonObject ToJson(ModelFacts facts, int context, KvTypes kvTypes) => new()
    {
        ["file"] = facts.File.Path,
        ["file_bytes"] = facts.File.ByteLength,
        ["gguf_version"] = facts.File.Version,
        ["parts"] = facts.File.Parts.Count,
        ["name"] = facts.Name,
        ["architecture"] = facts.Inspection.Architecture,
        ["sizes"] = new JsonObject(facts.Sizes.Select(size => KeyValuePair.Create<string, JsonNode?>(size.Key, Number(size.Value)))),
        ["parameters"] = facts.Parameters,
        ["bits_per_weight"] = facts.BitsPerWeight,
        ["tokenizer"] = new JsonObject
        {
            ["model"] = facts.TokenizerModel,
            ["pre"] = facts.PreTokenizer,
            ["tokens"] = facts.VocabularySize,
            ["bos"] = facts.BeginOfSequence,
            ["eos"] = facts.EndOfSequence,
        },
        ["chat_template"] = facts.Template.Length > 0,
        ["tensor_types"] = new JsonArray([.. facts.TensorTypes.Select(type => new JsonObject
        {
            ["type"] = type.Type,
            ["count"] = type.Count,
            ["bytes"] = type.Bytes,
            ["kernels"] = type.HasKernels,
        })]),
        ["tensors_not_run"] = new JsonArray([.. facts.Inspection.TensorsNotRun.Select(tensor => JsonValue.Create(tensor.Name))]),
        ["memory"] = new JsonObject
        {
            ["context"] = context,
            ["kv_type"] = kvTypes.ToString(),
            ["type_k"] = KvTypes.Name(kvTypes.Keys),
            ["type_v"] = KvTypes.Name(kvTypes.Values),
            ["weight_bytes"] = facts.WeightBytes,
            ["kv_cache_bytes"] = facts.Inspection.KvCacheBytes(context, kvTypes.Keys, kvTypes.Values),
        },
        ["runs_here"] = facts.Problems.Count == 0,
        ["problems"] = new JsonArray([.. facts.Problems.Select(problem => JsonValue.Create(problem))]),
        ["isa"] = facts.InstructionSet,
    };

    private static JsonValue? Number(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
