using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The two runtimes side by side on one test.</summary>
/// <param name="Card">The model.</param>
/// <param name="Test">The test.</param>
/// <param name="Threads">Threads of each runtime.</param>
/// <param name="InstructionSet">The instruction set of this runtime.</param>
/// <param name="FlashAttention">Whether the peer was faster with flash attention, and so ran with it.</param>
/// <param name="OursTokensPerSecond">Median of this runtime's runs.</param>
/// <param name="PeerTokensPerSecond">Median of the peer's runs.</param>
/// <param name="Ratios">This runtime's rate divided by the peer's, one for each pair of neighbouring runs.</param>
internal sealed record ComparedTest(
    ModelCard Card, BenchTest Test, int Threads, string InstructionSet, bool FlashAttention,
    double OursTokensPerSecond, double PeerTokensPerSecond, IReadOnlyList<double> Ratios)
{
    public double Ratio => Statistics.Median(Ratios);

    /// <summary>Gets the bytes that this runtime reads for a decoded token; 0 for a prefill.</summary>
    public double BytesPerToken { get; init; }

    /// <summary>Gets the read bandwidth in GB/s with as many threads: minimum and maximum of before and after.</summary>
    public (double Low, double High) MachineBandwidth { get; init; }
}

/// <summary>The starts of the two runtimes, each in its own processes.</summary>
/// <param name="Card">The model.</param>
/// <param name="Threads">Threads of each runtime.</param>
/// <param name="InstructionSet">The instruction set of this runtime.</param>
/// <param name="Ours">The facts of this runtime's processes.</param>
/// <param name="Peer">The facts of the peer's processes.</param>
/// <param name="Ratios">The peer's seconds to the first token divided by this runtime's, one for each pair of neighbouring runs.</param>
internal sealed record ComparedStart(
    ModelCard Card, int Threads, string InstructionSet, StartFacts Ours, StartFacts Peer, IReadOnlyList<double> Ratios)
{
    public double Ratio => Statistics.Median(Ratios);
}

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
            foreach (int threads in comparesStart ? options.Threads : [])
            {
                done(report.ToRow(RunStarts(card, threads)));
            }

            using var peerModel = new LlamaModel(library, path, options.Peer!.MapsFile);
            foreach (int threads in options.Threads)
            {
                RunModel(card, peerModel, threads, result => done(report.ToRow(result)));
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
        RunInTurns(
            pair => ours[pair] = StartProbe.Measure(alone, card.Path, threads),
            pair => peer[pair] = StartProbe.Measure(options, card.Path, threads));
        return new ComparedStart(
            card, threads, ProcessorInfo.GetInstructionSet(options.InstructionSet), StartFacts.Sum(ours), StartFacts.Sum(peer),
            [.. ours.Zip(peer, (a, b) => b.FirstTokenSeconds / a.FirstTokenSeconds)]);
    }

    private void RunModel(ModelCard card, LlamaModel peerModel, int threads, Action<ComparedTest> done)
    {
        int positions = options.Tests.Max(test => test.Positions);
        using EdgeBenchRuntime ours = new(
            ModelLoading.Load(card.Path, options.CreateModelOptions(threads), offersFallback: false), positions, options.KvTypes);
        using LlamaBenchRuntime flash = new(peerModel, positions, threads, options.KvTypes, flashAttention: true);

        // llama.cpp supports a quantized V cache with flash attention only.
        bool isQuantized = options.KvTypes.Values is KvCacheType.Q8_0 or KvCacheType.Q4_0;
        using LlamaBenchRuntime? plain = isQuantized ? null : new(peerModel, positions, threads, options.KvTypes, flashAttention: false);
        if (ours.VocabularySize != flash.VocabularySize)
        {
            throw new CommandException($"{card.Path}: {ours.VocabularySize} tokens here, {flash.VocabularySize} in llama.cpp");
        }

        int[] tokens = BenchTurn.CreateTokens(positions, ours.VocabularySize);
        foreach (BenchTest test in options.Tests)
        {
            tell($"{card.FileName} {test.Name}, {threads} threads, {pairs} pairs");
            double before = ReadBandwidth.MeasureGigabytesPerSecond(threads);
            bool useFlash = plain is null || BestOf(flash, test, tokens) <= BestOf(plain, test, tokens);
            ComparedTest result = RunPairs(card, ours, useFlash ? flash : plain!, test, tokens) with { FlashAttention = useFlash };
            double after = ReadBandwidth.MeasureGigabytesPerSecond(threads);
            done(result with { MachineBandwidth = (Math.Min(before, after), Math.Max(before, after)) });
        }
    }

    private ComparedTest RunPairs(ModelCard card, EdgeBenchRuntime ours, LlamaBenchRuntime peer, BenchTest test, int[] tokens)
    {
        Turn(ours, test, tokens);
        double[] oursSeconds = new double[pairs];
        double[] peerSeconds = new double[pairs];
        RunInTurns(pair => oursSeconds[pair] = Turn(ours, test, tokens), pair => peerSeconds[pair] = Turn(peer, test, tokens));
        return new ComparedTest(
            card, test, ours.Model.Threads, ours.Model.InstructionSet, FlashAttention: false,
            test.Tokens / Statistics.Median(oursSeconds),
            test.Tokens / Statistics.Median(peerSeconds),
            [.. oursSeconds.Zip(peerSeconds, (ourTime, peerTime) => peerTime / ourTime)])
        {
            BytesPerToken = test.IsPrefill
                ? 0
                : (ours.Model.WeightBytes * card.ReadShare) + ours.KvBytesAt(test.Depth + (test.Generated / 2.0)),
        };
    }

    /// <summary>Runs both in the order A B B A, so that slow drifts affect both equally.</summary>
    private void RunInTurns(Action<int> ours, Action<int> peer)
    {
        for (int pair = 0; pair < pairs; pair++)
        {
            (Action<int> first, Action<int> second) = pair % 2 == 0 ? (ours, peer) : (peer, ours);
            first(pair);
            second(pair);
        }
    }

    /// <summary>Gets the seconds of the faster of two runs, after one run to warm up.</summary>
    private static double BestOf(LlamaBenchRuntime peer, BenchTest test, int[] tokens)
    {
        Turn(peer, test, tokens);
        return Math.Min(Turn(peer, test, tokens), Turn(peer, test, tokens));
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
