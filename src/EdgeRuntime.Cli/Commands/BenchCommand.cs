using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert bench</c>: measures the speed of models on this machine, alone or in comparison with llama.cpp.</summary>
internal sealed class BenchCommand
{
    private const int MostTokens = 1 << 20;

    private static readonly string FormatNames = string.Join(", ", Enum.GetNames<BenchFormat>().Select(name => name.ToLowerInvariant()));

    private readonly Argument<string[]> _models = new("model")
    {
        Description = "One or more .gguf files or names of models [default: the bundled model]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int[]> _prompts = OptionFactory.Integers(
        "--n-prompt", ["-p"], "Tokens of a prefill, at every depth of -d; a list gives one test each, 0 none", [512], 0, MostTokens);

    private readonly Option<int[]> _generated = OptionFactory.Integers(
        "--n-gen", ["-n"], "Tokens that are decoded one at a time, at every depth of -d; 0 none", [128], 0, MostTokens);

    private readonly Option<int[]> _depths = OptionFactory.Integers(
        "--n-depth", ["-d"], "Positions in the KV cache when the timing starts", [0], 0, MostTokens);

    private readonly Option<int[]> _parallel = OptionFactory.Integers(
        "--parallel", ["-npl"], "Decode so many sequences at once, each with a prompt of its own of -p tokens and an answer of -n; a list "
        + "gives one test each. Columns as llama-batched-bench. Checks that each sequence gets the tokens that it gets alone",
        null, 1, ParallelTest.MostSequences);

    private readonly Option<int[]> _texts = OptionFactory.Integers(
        "--texts", [], "Embed so many short texts (5 to 40 tokens) in one call; a list gives one test each. A model without logits is "
        + "always measured so [default for it: 1,200]", null, 1, TextTest.MostTexts);

    private readonly Option<int[]> _threads = OptionFactory.Integers(
        "--threads",
        ["-t"],
        "Threads that compute, at most one for each processor [default: one for each physical core]",
        null,
        1,
        ModelOptions.MaxThreads);

    private readonly Option<int> _repeats = OptionFactory.Integer(
        "--repetitions", ["-r"], "Timed runs of a test, after one to warm up", 5, 1);

    private readonly Option<BenchFormat?> _format = new("--output", "-o")
    {
        Description = "table, md, csv, jsonl or html (a page with plots) [default: table; jsonl with --compare]",
        HelpName = "FORMAT",
        CustomParser = ParseFormat,
    };

    private readonly Option<string?> _outputFile = OptionFactory.Text(
        "--out", [], "A file for the output, written at the end, whole or not at all [default: standard output]", "FILE");

    private readonly Option<string?> _compare = OptionFactory.Text(
        PeerOptions.CompareOptionName, [], "Run llama.cpp 0.5.0 in turns with this runtime, A B B A, and print the ratios with a "
        + "confidence interval of their median; PATH is libllama or its folder", PeerOptions.LlamaPrefix + "PATH");

    private readonly Option<int> _pairs = OptionFactory.Integer("--pairs", [], "Pairs of runs of a comparison; -r says the same", 8, 1);
    private readonly Option<bool> _start = OptionFactory.Switch(
        "--start", [], $"With {PeerOptions.CompareOptionName}: compare the time from a process's start to its first token, and peak "
        + "memory, as well");

    private readonly Option<bool> _noMap = OptionFactory.Switch(
        PeerOptions.NoMapOptionName, [], $"With {PeerOptions.CompareOptionName}: llama.cpp reads the model instead of mapping its file");
    private readonly Option<bool> _startProbe = new(StartProbe.OptionName) { Hidden = true };
    private readonly ModelMaking _modelMaking = new();
    private readonly ModelCommandOptions _common = new();
    private readonly EnergyCommandOptions _energy = new();

    public static Command Create() => new BenchCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            "bench",
            "Measures prefill and decode in tok/s (median, spread over repeats), load time, time to first token, inter-token latency, "
            + "peak memory, and the share of the machine's measured read bandwidth.");
        command.Add(_models);
        foreach (Option option in (Option[])[_prompts, _generated, _depths, _parallel, _texts, _threads, _repeats, .. _common.KvTypeOptions,
            _common.Isa, _common.PackedCache, _format, _outputFile, _compare, _pairs, _start, _noMap, .. _modelMaking.All, _startProbe,
            _common.Verbose])
        {
            command.Add(option);
        }

        _common.Device.AddTo(command);
        _energy.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        if (_modelMaking.Run(parsed, parsed.GetValue(_models) ?? []))
        {
            return 0;
        }

        using AppLog log = _common.CreateLog(parsed);
        BenchOptions options = ReadOptions(parsed, log);
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
        else if (options.ParallelTests.Count > 0)
        {
            MeasureParallel(parsed, options, output);
        }
        else
        {
            Measure(parsed, options, output);
        }
    }

    private void Measure(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        var machine = MachineFacts.Read();
        BenchOutput rows = CreateOutput(parsed, BenchFormat.Table, BenchColumn.Measurement, BenchPlot.Measurement, machine, output);
        using EnergyMeter? energy = _energy.Open(parsed);
        new ModelBench(options, machine, energy, Console.Error.WriteLine).Run(rows.Add);
        rows.Complete();
    }

    private void MeasureParallel(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        var machine = MachineFacts.Read();
        BenchOutput rows = CreateOutput(parsed, BenchFormat.Table, BenchColumn.Parallel, BenchPlot.Parallel, machine, output);
        new ParallelBench(options, machine, Console.Error.WriteLine).Run(rows.Add);
        rows.Complete();
    }

    private void Compare(ParseResult parsed, BenchOptions options, TextWriter output)
    {
        var machine = MachineFacts.Read();
        BenchOutput rows = CreateOutput(parsed, BenchFormat.Jsonl, BenchColumn.Comparison, BenchPlot.Comparison, machine, output);
        bool repeats = parsed.IsGiven(_repeats) && !parsed.IsGiven(_pairs);
        int pairs = repeats ? options.Repeats : parsed.GetValue(_pairs);
        new Comparison(options, parsed.GetValue(_start), pairs, machine, Console.Error.WriteLine).Run(rows.Add);
        rows.Complete();
    }

    private BenchOutput CreateOutput(
        ParseResult parsed, BenchFormat defaultFormat, IReadOnlyList<BenchColumn> columns, IReadOnlyList<BenchPlot> plots,
        MachineFacts machine, TextWriter output) =>
        new(parsed.GetValue(_format) ?? defaultFormat, columns, plots, machine,
            parsed.GetValue(_outputFile) is not null ? int.MaxValue : TerminalConsole.TableWidth, output);

    private BenchOptions ReadOptions(ParseResult parsed, AppLog log)
    {
        string[] models = parsed.GetValue(_models) is { Length: > 0 } named ? named : [null!];
        IReadOnlyList<BenchTest> tests = BenchTest.Plan(
            parsed.GetRequiredValue(_prompts), parsed.GetRequiredValue(_generated), parsed.GetRequiredValue(_depths));
        if (tests.Count == 0)
        {
            throw new UsageException("nothing to measure: -p and -n are both 0");
        }

        string? isa = parsed.GetValue(_common.Isa);
        if (isa is not null)
        {
            ProcessorInfo.GetInstructionSet(isa); // refuses an unknown name before the first measurement
        }

        return new BenchOptions
        {
            Models = [.. models.Select(ModelLocator.Find)],
            Tests = tests,
            ParallelTests = ReadParallelTests(parsed),
            TextTests = [.. (parsed.GetValue(_texts) is { Length: > 0 } texts ? texts : [1, 200]).Select(count => new TextTest(count))],
            AsksForTexts = parsed.IsGiven(_texts),
            OptionOfTokens = FirstOfTokens(parsed),
            Threads = ReadThreads(parsed),
            Repeats = parsed.GetValue(_repeats),
            KvTypes = _common.GetKvTypes(parsed),
            InstructionSet = isa,
            PackedCache = _common.GetPackedCache(parsed),
            Device = _common.Device.Get(parsed),
            Log = log,
            Peer = ReadPeer(parsed),
        };
    }

    /// <summary>Gets the first given option that has a meaning for tokens of a sequence only; null for none.</summary>
    private string? FirstOfTokens(ParseResult parsed) =>
        ((Option[])[_prompts, _generated, _depths, _parallel, _start, .. _energy.All])
            .FirstOrDefault(option => parsed.IsGiven(option))?.Name;

    private IReadOnlyList<ParallelTest> ReadParallelTests(ParseResult parsed)
    {
        if (parsed.GetValue(_parallel) is not { Length: > 0 } sequences)
        {
            return [];
        }

        if (((Option[])[_depths, _texts, _compare, .. _energy.All]).FirstOrDefault(option => parsed.IsGiven(option)) is { } wrong)
        {
            throw new UsageException($"{wrong.Name} has no meaning beside {_parallel.Name}");
        }

        int[] prompts = parsed.GetRequiredValue(_prompts);
        int[] generated = parsed.GetRequiredValue(_generated);
        if (prompts.Contains(0) || generated.Contains(0))
        {
            throw new UsageException($"{_parallel.Name} with {(prompts.Contains(0) ? "-p" : "-n")} 0: expected 1 or more");
        }

        return ParallelTest.Plan(prompts, generated, sequences);
    }

    /// <summary>Gets the numbers of threads to measure with, at most one for each processor.</summary>
    private int[] ReadThreads(ParseResult parsed)
    {
        int[] threads = parsed.GetValue(_threads) is { Length: > 0 } wanted ? wanted : [ProcessorInfo.PhysicalCores];
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

        return parsed.GetValue(_compare) is { } peer
            ? new PeerOptions(PeerOptions.ParsePath(PeerOptions.CompareOptionName, peer), !parsed.GetValue(_noMap))
            : null;
    }

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
