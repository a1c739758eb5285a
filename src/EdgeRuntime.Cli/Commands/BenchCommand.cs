using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Bench.Synthesis;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert bench</c>: how fast models run here, alone or beside llama.cpp.</summary>
internal sealed class BenchCommand
{
    private const int MostTokens = 1 << 20;
    private const int DefaultWidth = 80; // of a terminal that does not tell

    private static readonly string FormatNames = string.Join(", ", Enum.GetNames<BenchFormat>().Select(name => name.ToLowerInvariant()));

    private readonly Argument<string[]> _models = new("model")
    {
        Description = "One or more .gguf files or names of models [default: the bundled model]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int[]> _prompts = OptionFactory.Integers("--n-prompt", "-p", "Tokens of a prefill, at every depth of -d; a list gives one test each, 0 none", [512], 0, MostTokens);
    private readonly Option<int[]> _generated = OptionFactory.Integers("--n-gen", "-n", "Tokens that are decoded one at a time, at every depth of -d; 0 none", [128], 0, MostTokens);
    private readonly Option<int[]> _depths = OptionFactory.Integers("--n-depth", "-d", "Positions in the KV cache when the timing starts", [0], 0, MostTokens);
    private readonly Option<int[]> _threads = OptionFactory.Integers(
        "--threads",
        "-t",
        "Threads that compute, at most one for each processor [default: one for each physical core]",
        null,
        1,
        ModelOptions.MaxThreads);

    private readonly Option<int> _repeats = OptionFactory.Integer("--repetitions", ["-r"], "Timed runs of a test, after one to warm up", 5, 1);
    private readonly Option<BenchFormat?> _format = new("--output", "-o")
    {
        Description = "table, md, csv, jsonl or html (a page with plots) [default: table; jsonl with --compare]",
        HelpName = "FORMAT",
        CustomParser = ParseFormat,
    };

    private readonly Option<string?> _outputFile = OptionFactory.Text(
        "--out", [], "A file for the output, written at the end, whole or not at all [default: standard output]", "FILE");

    private readonly Option<string?> _compare = OptionFactory.Text(
        PeerOptions.CompareOptionName, [], "Run llama.cpp 0.5.0 in turns with this runtime, A B B A, and print the ratios with a confidence interval of their median; "
        + "PATH is libllama or its folder", PeerOptions.LlamaPrefix + "PATH");

    private readonly Option<int> _pairs = OptionFactory.Integer("--pairs", [], "Pairs of runs of a comparison; -r says the same", 8, 1);
    private readonly Option<bool> _start = OptionFactory.Switch(
        "--start", [], $"With {PeerOptions.CompareOptionName}: compare the time from a process's start to its first token, and peak memory, as well");

    private readonly Option<bool> _noMap = OptionFactory.Switch(PeerOptions.NoMapOptionName, [], $"With {PeerOptions.CompareOptionName}: llama.cpp reads the model instead of mapping its file");
    private readonly Option<string?> _makeModel = OptionFactory.Text(
        "--make-model", [], "Write a GGUF with random weights instead, to the file named as argument. SHAPE: "
        + string.Join(", ", ModelShape.All.Select(shape => shape.Name)) + ", with sizes changed where wanted (qwen-0.5b,layers=2,vocab=1003); TYPE: " + string.Join(", ", TypeMix.All.Select(mix => mix.Name)), "SHAPE:TYPE");

    private readonly Option<string?> _requantize = OptionFactory.Text(
        "--requantize", [], "Make another type of a file with llama.cpp's quantizer instead; arguments: IN.gguf TYPE OUT.gguf", PeerOptions.LlamaPrefix + "PATH");

    private readonly Option<bool> _force = OptionFactory.Switch(
        "--force", [], "With --make-model or --requantize: replace a file that is there already");

    private readonly Option<bool> _startProbe = new(StartProbe.OptionName) { Hidden = true };
    private readonly ModelCommandOptions _common = new();
    private readonly EnergyCommandOptions _energy = new();

    public static Command Create() => new BenchCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            "bench",
            "Measures prefill and decode in tok/s (median, spread over repeats), load time, time to first token, inter-token latency, peak memory, "
            + "and the share of the machine's measured read bandwidth.");
        command.Add(_models);
        foreach (Option option in (Option[])[_prompts, _generated, _depths, _threads, _repeats, .. _common.KvTypeOptions, _common.Isa,
            _common.PackedCache, _format,
            _outputFile, _compare, _pairs, _start, _noMap, _makeModel, _requantize, _force, _startProbe, _common.Verbose])
        {
            command.Add(option);
        }

        _energy.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string[] arguments = parsed.GetValue(_models) ?? [];
        if (parsed.GetValue(_makeModel) is { } wanted)
        {
            MakeModel(wanted, arguments, parsed.GetValue(_force));
            return 0;
        }

        if (parsed.GetValue(_requantize) is { } library)
        {
            Requantize(PeerPath(library, "--requantize"), arguments, parsed.GetValue(_force));
            return 0;
        }

        if (parsed.GetValue(_force))
        {
            throw new UsageException("--force has no meaning without --make-model or --requantize");
        }

        BenchOptions options = ReadOptions(parsed);
        if (parsed.GetValue(_outputFile) is not { } path)
        {
            using var output = new StandardOutput();
            Run(parsed, options, output);
            return 0;
        }

        using FileReplacement file = UserFile.Create(path);
        using var writer = new StreamWriter(file);
        Run(parsed, options, writer);
        writer.Flush();
        file.Commit();
        return 0;
    }

    private void Run(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        if (parsed.GetValue(_startProbe))
        {
            StartProbe.RunAsChild(options, output);
        }
        else if (options.Peer is not null)
        {
            Compare(parsed, options, output);
        }
        else
        {
            Measure(parsed, options, output);
        }
    }

    private void Measure(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        var machine = MachineFacts.Read();
        var rows = new BenchOutput(
            parsed.GetValue(_format) ?? BenchFormat.Table, BenchColumn.Measurement, BenchPlot.Measurement, machine, TableWidth(parsed), output);
        using EnergyMeter? energy = _energy.Open(parsed);
        new ModelBench(options, machine, energy, Console.Error.WriteLine).Run(rows.Add);
        rows.Complete();
    }

    private void Compare(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        var machine = MachineFacts.Read();
        var rows = new BenchOutput(
            parsed.GetValue(_format) ?? BenchFormat.Jsonl, BenchColumn.Comparison, BenchPlot.Comparison, machine, TableWidth(parsed), output);
        bool repeats = parsed.IsGiven(_repeats) && !parsed.IsGiven(_pairs);
        int pairs = repeats ? options.Repeats : parsed.GetValue(_pairs);
        new Comparison(options, parsed.GetValue(_start), pairs, machine, Console.Error.WriteLine).Run(rows.Add);
        rows.Complete();
    }

    /// <summary>As wide as the terminal; a file or pipe takes any width.</summary>
    private int TableWidth(ParseResult parsed) =>
        Console.IsOutputRedirected || parsed.GetValue(_outputFile) is not null ? int.MaxValue
        : Console.WindowWidth > 0 ? Console.WindowWidth : DefaultWidth;

    private BenchOptions ReadOptions(ParseResult parsed)
    {
        string[] models = parsed.GetValue(_models) is { Length: > 0 } named ? named : [null!];
        IReadOnlyList<BenchTest> tests = BenchTest.Plan(parsed.GetRequiredValue(_prompts), parsed.GetRequiredValue(_generated), parsed.GetRequiredValue(_depths));
        if (tests.Count == 0)
        {
            throw new UsageException("nothing to measure: -p and -n are both 0");
        }

        string? isa = parsed.GetValue(_common.Isa);
        if (isa is not null)
        {
            InstructionSet.Parse(isa);
        }

        return new BenchOptions
        {
            Models = [.. models.Select(ModelLocator.Find)],
            Tests = tests,
            Threads = ReadThreads(parsed),
            Repeats = parsed.GetValue(_repeats),
            KvTypes = _common.GetKvTypes(parsed),
            InstructionSet = isa,
            PackedCache = _common.GetPackedCache(parsed),
            Peer = ReadPeer(parsed),
        };
    }

    /// <summary>Numbers of threads, none above that of the processors: rows must not claim what nothing computed with.</summary>
    private int[] ReadThreads(ParseResult parsed)
    {
        int[] threads = parsed.GetValue(_threads) is { Length: > 0 } wanted ? wanted : [ProcessorTopology.PhysicalCores];
        int most = Environment.ProcessorCount;
        if (threads.Max() > most)
        {
            Console.Error.WriteLine(FormattableString.Invariant(
                $"edgert: warning: {threads.Max()} threads were asked for; measuring with {most}, one for each processor of this process"));
        }

        return [.. threads.Select(count => Math.Min(count, most)).Distinct()];
    }

    private PeerOptions? ReadPeer(ParseResult parsed)
    {
        bool compares = parsed.GetValue(_compare) is not null;
        Option[] misplaced = compares ? _energy.All : [_pairs, _start, _noMap];
        if (misplaced.FirstOrDefault(option => parsed.IsGiven(option)) is { } wrong)
        {
            throw new UsageException($"{wrong.Name} has no meaning {(compares ? "beside" : "without")} {PeerOptions.CompareOptionName}");
        }

        return parsed.GetValue(_compare) is { } peer ? new PeerOptions(PeerPath(peer, PeerOptions.CompareOptionName), !parsed.GetValue(_noMap)) : null;
    }

    private static void MakeModel(string wanted, string[] arguments, bool force)
    {
        if (arguments is not [var path] || wanted.Split(':') is not [var shape, var type])
        {
            throw new UsageException("expected: edgert bench --make-model SHAPE:TYPE OUT.gguf");
        }

        ModelShape found = ModelShape.Parse(shape);
        TypeMix mix = TypeMix.Find(type);
        using FileReplacement file = UserFile.CreateModel(path, force);
        using var buffered = new BufferedStream(file, 1 << 20);
        SyntheticModel.Write(found, mix, buffered);
        buffered.Flush();
        file.Commit();
    }

    private static void Requantize(string library, string[] arguments, bool force)
    {
        if (arguments is not [var input, var type, var output])
        {
            throw new UsageException($"expected: edgert bench --requantize {PeerOptions.LlamaPrefix}PATH IN.gguf TYPE OUT.gguf");
        }

        LlamaQuantizer.Run(library, input, type, output, force);
    }

    private static string PeerPath(string text, string option) => text.StartsWith(PeerOptions.LlamaPrefix, StringComparison.Ordinal) && text.Length > PeerOptions.LlamaPrefix.Length
        ? text[PeerOptions.LlamaPrefix.Length..]
        : throw new UsageException($"{option} {text}: expected {PeerOptions.LlamaPrefix}PATH");

    private static BenchFormat? ParseFormat(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Enum.TryParse(text, ignoreCase: true, out BenchFormat format) && !char.IsAsciiDigit(text[0]))
        {
            return format;
        }

        result.AddError($"-o {text}: expected {FormatNames}");
        return null;
    }
}
