using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Measurements of a fresh process.</summary>
/// <param name="LoadSeconds">Seconds to open the file and, unless the first passes do it, to pack its weights.</param>
/// <param name="FirstTokenSeconds">Seconds from the start of the process to the logits after a prompt of 32 tokens.</param>
/// <param name="PeakBytes">Peak resident memory, over the longest prefill and the deepest decode of the plan.</param>
internal sealed record StartFacts(double LoadSeconds, double FirstTokenSeconds, long PeakBytes)
{
    /// <summary>Combines measurements: the median of the seconds, and the greatest peak.</summary>
    public static StartFacts Sum(IReadOnlyCollection<StartFacts> facts) => new(
        Statistics.Median([.. facts.Select(fact => fact.LoadSeconds)]),
        Statistics.Median([.. facts.Select(fact => fact.FirstTokenSeconds)]),
        facts.Max(fact => fact.PeakBytes));
}

/// <summary>
/// Measures start and peak memory in a fresh process, for this runtime or for the peer that the options name: <c>edgert bench</c>
/// starts itself with a hidden option.
/// </summary>
internal static class StartProbe
{
    public const string OptionName = "--start-probe";

    /// <summary>The number of tokens in the prompt.</summary>
    public const int PromptTokens = 32;

    private const string FirstTokenMark = "first-token";

    /// <summary>Runs the process once to warm up the file and then <paramref name="repeats"/> times.</summary>
    /// <returns>The combined measurements; null if the command can't find its own file.</returns>
    public static StartFacts? Measure(BenchOptions options, string model, int threads, int repeats) => FindSelf() is { } self
        ? StartFacts.Sum([.. Enumerable.Range(0, repeats + 1).Select(_ => RunChild(self, options, model, threads)).Skip(1)])
        : null;

    /// <summary>Runs the process once.</summary>
    /// <exception cref="CommandException">The command can't find its own file, or the process failed.</exception>
    public static StartFacts Measure(BenchOptions options, string model, int threads) =>
        RunChild(
            FindSelf() ?? throw new CommandException($"{AppContext.BaseDirectory}: holds no edgert that could be started to be measured"),
            options, model, threads);

    /// <summary>Runs in the child: loads the model, answers, runs the plan once, and writes the measurements.</summary>
    public static void RunAsChild(BenchOptions options, TextWriter output)
    {
        long start = Stopwatch.GetTimestamp();
        int threads = options.Threads[0];
        int positions = Math.Max(PromptTokens, options.Tests.Max(test => test.Positions));
        Func<IBenchRuntime> create = Load(options, threads, positions);
        double loadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using IBenchRuntime runtime = create();
        int[] tokens = BenchTokens.Create(positions, runtime.VocabularySize);
        runtime.Append(tokens.AsSpan(0, PromptTokens));
        output.WriteLine(FirstTokenMark);
        runtime.Rewind(0);
        runtime.Append(tokens.AsSpan(0, Math.Max(1, options.Tests.Max(test => test.Depth + test.Prompt))));
        var json = new JsonObject { ["load_s"] = loadSeconds, ["peak_bytes"] = PeakMemory.ReadBytes() };
        output.WriteLine(json.ToJsonString());
    }

    /// <summary>Loads the model; the returned function creates the runtime.</summary>
    private static Func<IBenchRuntime> Load(BenchOptions options, int threads, int positions)
    {
        if (options.Peer is { } peer)
        {
            var peerModel = new LlamaModel(LlamaLibrary.Load(options), options.Models[0], peer.MapsFile); // ends with the process
            return () => new LlamaBenchRuntime(peerModel, positions, threads, options.KvTypes, flashAttention: true);
        }

        // The other commands also load with a quick start. The parent logs.
        ModelOptions quick = options.CreateModelOptions(threads) with { QuickStart = true, LoggerFactory = null };
        LanguageModel model = ModelLoading.Load(options.Models[0], quick);
        return () => new EdgeBenchRuntime(model, positions, options.KvTypes);
    }

    private static StartFacts RunChild(string self, BenchOptions options, string model, int threads)
    {
        var start = new ProcessStartInfo(self)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in ChildArguments(options, model, threads))
        {
            start.ArgumentList.Add(argument);
        }

        long began = Stopwatch.GetTimestamp();
        using Process child = Process.Start(start) ?? throw new CommandException($"{self}: can't be started");
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string? first = child.StandardOutput.ReadLine();
        double firstTokenSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        string rest = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0 || first != FirstTokenMark)
        {
            throw new CommandException(
                ErrorReport.FindError(errors.GetAwaiter().GetResult()) ?? $"{self} {OptionName} ended with code {child.ExitCode}");
        }

        using var facts = JsonDocument.Parse(rest);
        JsonElement root = facts.RootElement;
        return new StartFacts(root.GetProperty("load_s").GetDouble(), firstTokenSeconds, root.GetProperty("peak_bytes").GetInt64());
    }

    private static IEnumerable<string> ChildArguments(BenchOptions options, string model, int threads)
    {
        string[] arguments =
        [
            "bench", OptionName, "-t", Number(threads),
            "--cache-type-k", KvTypes.Name(options.KvTypes.Keys), "--cache-type-v", KvTypes.Name(options.KvTypes.Values),
            "-p", Number(options.Tests.Max(test => test.Prompt)), "-n", "1", "-d", Number(options.Tests.Max(test => test.Depth)),
        ];
        string[] instructionSet = options.InstructionSet is { } set ? ["--isa", set] : [];
        string[] packedCache = options.PackedCache is { } folder ? ["--packed-cache", folder] : [];
        return
        [
            .. arguments, .. instructionSet, .. packedCache, .. options.Device?.ToArguments() ?? [],
            .. options.Peer?.ToArguments() ?? [], model,
        ];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Gets the path of the command's own file beside this assembly; null if there is none.</summary>
    private static string? FindSelf()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "edgert.exe" : "edgert");
        return File.Exists(beside) ? beside : null;
    }
}
