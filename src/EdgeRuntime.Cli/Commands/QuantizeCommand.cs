using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Quantization;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.Quantization.Search;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert quantize</c>: makes a model file whose tensors have other types.</summary>
internal sealed class QuantizeCommand
{
    private const string Usage = "expected: edgert quantize IN.gguf OUT.gguf TYPE, or --auto or --plan instead of TYPE";

    private readonly MixCommandOptions _mix = new();
    private readonly QuantizationErrorCommandOptions _report = new();

    private readonly Argument<string[]> _arguments = new("arguments")
    {
        Description = "IN.gguf OUT.gguf TYPE; TYPE is one of " + string.Join(", ", QuantizationMix.All.Select(static mix => mix.Name)),
        HelpName = "IN OUT TYPE",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _importance = OptionFactory.Text(
        "--imatrix", [], "An importance matrix of the model ('edgert imatrix' or llama.cpp), which types below 3 bits need", "FILE");

    private readonly Option<string[]> _tensorTypes = new("--tensor-type")
    {
        Description = "Another type for tensors whose names match a regular expression: ffn_down=Q6_K; may be repeated, the first one that "
            + "matches counts",
        HelpName = "REGEX=TYPE",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _outputType = OptionFactory.Text(
        "--output-tensor-type", [], "The type of the output matrix, also if it is the embedding too", "TYPE");

    private readonly Option<string?> _embeddingType = OptionFactory.Text(
        "--token-embedding-type", [], "The type of the token embedding", "TYPE");

    private readonly Option<bool> _pure = OptionFactory.Switch("--pure", [], "Give all matrices the same type instead of a mix");
    private readonly Option<bool> _keepSplit = OptionFactory.Switch("--keep-split", [], "Make as many files as the model has");

    private readonly Option<bool> _requantize = OptionFactory.Switch(
        "--allow-requantize", [], "Quantize matrices again that are quantized already, which adds errors");

    private readonly Option<bool> _dryRun = OptionFactory.Switch(
        "--dry-run", [], "Show the type and size of each tensor, and write nothing; OUT may be left out");

    private readonly Option<bool> _force = OptionFactory.Switch("--force", [], "Replace a file that is there already");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", [], "Print one JSON object with all tensors");

    private readonly Option<int> _threads = OptionFactory.Integer(
        "--threads", ["-t"], "Threads; 0: one for each physical core. The result does not depend on it", 0, 0, ModelOptions.MaxThreads);

    public static Command Create()
    {
        var options = new QuantizeCommand();
        var command = new Command(
            "quantize",
            "Makes a GGUF file with smaller tensors of a model in F32, F16 or BF16. The types and their mixes are llama.cpp's. The new "
            + "file appears when it is complete.")
        {
            options._arguments, options._importance, options._tensorTypes, options._outputType, options._embeddingType, options._pure,
            options._keepSplit, options._requantize, options._dryRun, options._force, options._json, options._threads,
        };
        Array.ForEach(options._mix.All, command.Add);
        Array.ForEach(options._report.All, command.Add);
        command.SetAction(options.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        if (_report.IsWanted(parsed))
        {
            Report(parsed);
            return 0;
        }

        bool dryRun = parsed.GetValue(_dryRun);
        (string input, string? output, string? type) = (parsed.GetValue(_arguments), _mix.IsGiven(parsed)) switch
        {
            ([var from, var to, var name], false) => (from, to, name),
            ([var from, var name], false) when dryRun => (from, (string?)null, name),
            ([var from, var to], true) => (from, to, (string?)null),
            ([var from], true) when dryRun => (from, null, null),
            _ => throw new UsageException(Usage),
        };
        _mix.Check(parsed);
        QuantizationOptions options = ReadOptions(parsed, type);
        string path = ModelLocator.Find(input);
        if (!dryRun && !options.KeepSplit) // the files of a split model have other names
        {
            UserFile.CheckNewModel(output!, options.Overwrite, path);
        }

        MixPlan? mix = null;
        if (type is null)
        {
            (IReadOnlyDictionary<string, TensorType> types, mix) = _mix.FindTypes(parsed, path, dryRun ? null : output, options);
            options = options with { Mix = QuantizationMix.MostlyOf(types.Values), NamedTypes = types };
        }

        QuantizationPlan plan = dryRun ? Plan(path, options) : Make(path, output!, options);
        using var screen = new StandardOutput();
        Show(plan, options, mix, parsed.GetValue(_json), withTensors: dryRun, screen);
        return 0;
    }

    private static QuantizationPlan Plan(string path, QuantizationOptions options)
    {
        using GgufFile source = GgufFile.Open(path);
        return QuantizationPlan.Create(source, options);
    }

    private static QuantizationPlan Make(string input, string output, QuantizationOptions options)
    {
        using var interrupts = new Interrupts();
        using var bar = new ProgressBar($"quantizing to {options.Mix}");
        return ModelQuantizer.Run(input, output, options, bar, interrupts.Arm());
    }

    /// <summary>Reads the options.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="type">The name of the type; null if the types are found by measurement or read from a plan.</param>
    private QuantizationOptions ReadOptions(ParseResult parsed, string? type)
    {
        Option[] ofMixes = [_tensorTypes, _outputType, _embeddingType, _pure];
        if (type is null && ofMixes.FirstOrDefault(option => parsed.IsGiven(option)) is { } wrong)
        {
            throw new UsageException($"{wrong.Name} has no meaning with --auto and --plan");
        }

        var options = new QuantizationOptions
        {
            Mix = QuantizationMix.Find(type ?? "Q8_0"),
            Importance = ReadImportance(parsed),
            ImportanceFile = parsed.GetValue(_importance),
            TensorTypes = [.. (parsed.GetValue(_tensorTypes) ?? []).Select(ParsePattern)],
            OutputTensorType = TensorTypeOption.ParseIfGiven(_outputType.Name, parsed.GetValue(_outputType)),
            TokenEmbeddingType = TensorTypeOption.ParseIfGiven(_embeddingType.Name, parsed.GetValue(_embeddingType)),
            Pure = parsed.GetValue(_pure),
            KeepSplit = parsed.GetValue(_keepSplit),
            AllowRequantize = parsed.GetValue(_requantize),
            Overwrite = parsed.GetValue(_force),
        };
        return parsed.GetValue(_threads) is > 0 and int threads ? options with { Threads = threads } : options;
    }

    private void Report(ParseResult parsed)
    {
        Option[] others =
            [_tensorTypes, _outputType, _embeddingType, _pure, _keepSplit, _requantize, _dryRun, _force, .. _mix.All];
        if (Array.Find(others, parsed.IsGiven) is { } other)
        {
            throw new UsageException($"{other.Name} has no meaning with --report, which makes no file");
        }

        _report.Run(parsed, parsed.GetValue(_arguments) ?? [], ReadImportance(parsed), parsed.GetValue(_threads), parsed.GetValue(_json));
    }

    private ImportanceMatrix? ReadImportance(ParseResult parsed) =>
        parsed.GetValue(_importance) is { } importance ? UserFile.Use(importance, ImportanceMatrix.Load) : null;

    private TensorTypePattern ParsePattern(string text)
    {
        int separator = text.LastIndexOf('=');
        return separator > 0
            ? new TensorTypePattern(text[..separator], TensorTypeOption.Parse(_tensorTypes.Name, text[(separator + 1)..]))
            : throw new UsageException($"{_tensorTypes.Name} {text}: expected REGEX=TYPE, such as ffn_down=Q6_K");
    }

    private static void Show(
        QuantizationPlan plan, QuantizationOptions options, MixPlan? mix, bool json, bool withTensors, StandardOutput output)
    {
        if (json)
        {
            JsonObject all = QuantizationPlanText.ToJson(plan);
            all["mix"] = mix is null ? null : MixReport.ToJson(mix);
            JsonText.Write(all, output);
            return;
        }

        if (mix is not null)
        {
            output.Write(MixReport.Format(mix));
        }

        if (withTensors)
        {
            output.Write(QuantizationPlanText.Tensors(plan));
        }

        output.Write(QuantizationPlanText.Summary(plan, options));
    }
}
