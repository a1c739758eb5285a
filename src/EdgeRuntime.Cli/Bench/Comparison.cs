using System;
using System.Linq;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// Runs this runtime and llama.cpp in turns, A B B A, in one process on the same file with the same settings. While one runs, the other's
/// threads are asleep or gone.
/// </summary>
/// <param name="options">What to measure; names the peer.</param>
/// <param name="comparesStart">Whether the starts of both runtimes are compared as well.</param>
/// <param name="pairs">Pairs of runs.</param>
/// <param name="machine">The machine that is measured.</param>
/// <param name="tell">Receives lines about the progress.</param>
internal sealed class Comparison(BenchOptions options, bool comparesStart, int pairs, MachineFacts machine, Action<string> tell)
{
    /// <summary>Measures every model, number of threads and test.</summary>
    /// <param name="done">Receives each result as soon as it is measured.</param>
    public void Run(Action<BenchRow> done)
    {
        LlamaLibrary library = LlamaLibrary.Load(options);
        var report = new ComparisonReport(library, options, machine);
        tell($"llama.cpp {library.Version}, kernels for {library.Variant}");
        foreach (string path in options.Models)
        {
            ModelCard card = ModelCard.Read(path);
            foreach (int threads in comparesStart && !options.MeasuresTexts(card) ? options.Threads : [])
            {
                done(report.ToRow(RunStarts(card, threads)));
            }

            using var peerModel = new LlamaModel(library, path, options.Peer!.MapsFile);
            foreach (int threads in options.Threads)
            {
                if (options.MeasuresTexts(card))
                {
                    new TextComparison(options, pairs, tell).Run(card, peerModel, threads, result => done(report.ToRow(result)));
                }
                else
                {
                    RunModel(card, peerModel, threads, result => done(report.ToRow(result)));
                }
            }
        }
    }

    private ComparedStart RunStarts(ModelCard card, int threads)
    {
        tell($"{card.FileName} start, {threads} threads, {pairs} pairs");
        BenchOptions alone = options with { Peer = null };
        StartProbe.Measure(alone, card.Path, threads);
        StartProbe.Measure(options, card.Path, threads);
        var ours = new StartFacts[pairs];
        var peer = new StartFacts[pairs];
        PairedRuns.RunInTurns(
            pairs,
            pair => ours[pair] = StartProbe.Measure(alone, card.Path, threads),
            pair => peer[pair] = StartProbe.Measure(options, card.Path, threads));
        return new ComparedStart(
            card, threads, ProcessorInfo.GetInstructionSet(options.InstructionSet), StartFacts.Sum(ours), StartFacts.Sum(peer),
            [.. ours.Zip(peer, (a, b) => b.FirstTokenSeconds / a.FirstTokenSeconds)]);
    }

    private void RunModel(ModelCard card, LlamaModel peerModel, int threads, Action<ComparedTest> done)
    {
        int positions = options.Tests.Max(test => test.Positions);
        using EdgeBenchRuntime ours = new(ModelLoading.Load(card.Path, options.CreateModelOptions(threads)), positions, options.KvTypes);
        using LlamaBenchRuntime flash = new(peerModel, positions, threads, options.KvTypes, flashAttention: true);

        // llama.cpp supports a quantized V cache with flash attention only.
        bool isQuantized = options.KvTypes.Values is KvCacheType.Q8_0 or KvCacheType.Q4_0;
        using LlamaBenchRuntime? plain = isQuantized ? null : new(peerModel, positions, threads, options.KvTypes, flashAttention: false);
        if (ours.VocabularySize != flash.VocabularySize)
        {
            throw new CommandException($"{card.Path}: {ours.VocabularySize} tokens here, {flash.VocabularySize} in llama.cpp");
        }

        int[] tokens = BenchTokens.Create(positions, ours.VocabularySize);
        foreach (BenchTest test in options.Tests)
        {
            tell($"{card.FileName} {test.Name}, {threads} threads, {pairs} pairs");
            double before = ReadBandwidth.MeasureGigabytesPerSecond(threads);
            bool useFlash = plain is null
                || PairedRuns.BestOf(() => Turn(flash, test, tokens)) <= PairedRuns.BestOf(() => Turn(plain, test, tokens));
            ComparedTest result = RunPairs(card, ours, useFlash ? flash : plain!, test, tokens) with { FlashAttention = useFlash };
            double after = ReadBandwidth.MeasureGigabytesPerSecond(threads);
            done(result with { MachineBandwidth = (Math.Min(before, after), Math.Max(before, after)) });
        }
    }

    private ComparedTest RunPairs(ModelCard card, EdgeBenchRuntime ours, LlamaBenchRuntime peer, BenchTest test, int[] tokens)
    {
        PairedRuns runs = PairedRuns.Measure(pairs, () => Turn(ours, test, tokens), () => Turn(peer, test, tokens));
        return new ComparedTest(card, test.Name, ours.Model.Threads, ours.Model.InstructionSet, test.Tokens, runs)
        {
            BytesPerToken = test.IsPrefill
                ? 0
                : (ours.Model.WeightBytes * card.ReadShare) + ours.KvBytesAt(test.Depth + (test.Generated / 2.0)),
        };
    }

    private static double Turn(IBenchRuntime runtime, BenchTest test, int[] tokens)
    {
        try
        {
            return BenchTurn.Run(runtime, test, tokens);
        }
        finally
        {
            runtime.Pause();
        }
    }
}
