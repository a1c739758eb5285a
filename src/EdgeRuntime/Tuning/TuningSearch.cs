using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace EdgeRuntime.Tuning;

/// <summary>
/// Chooses one setting after another, each with those chosen before: decode ISA, prefill ISA, threads, batch, KV type. The
/// candidates of a step take turns over several rounds, so that a machine that changes its clock treats them alike, and
/// another one than the default must be faster in every round and clearly so in the median.
/// </summary>
internal sealed class TuningSearch(ITuningBench bench, TuningCandidates candidates, TuningOptions options, Action<string> tell)
{
    /// <summary>A candidate must be faster than the default by this factor in the median of the rounds.</summary>
    public const double LeastGain = 1.03;

    private const int Rounds = 3;
    private const double WarmUpShare = 0.04;

    /// <summary>A turn of a conversation, to weigh prefill against decode where one number of threads serves both.</summary>
    private const int TurnPrompt = 256;
    private const int TurnAnswer = 128;

    private readonly List<TuningMeasurement> _measurements = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private double _prefillRate;

    /// <summary>Measures and chooses.</summary>
    public (TuningChoice Choice, IReadOnlyList<TuningMeasurement> Measurements) Run()
    {
        TuningChoice choice = candidates.Default;
        // The first second is slower: pages are touched, code is compiled again, the clock rises.
        bench.Prefill(choice, Math.Min(16, bench.MaxPositions));
        bench.Decode(choice, depth: 0, options.Seconds * WarmUpShare);
        _prefillRate = bench.Prefill(choice, Math.Min(32, bench.MaxPositions));

        choice = Step("decode isa", 0.15, candidates.InstructionSets, choice, (c, isa) => c with { DecodeInstructionSet = isa }, Decode(depth: 0));
        choice = Step("prefill isa", 0.2, candidates.InstructionSets, choice, (c, isa) => c with { PrefillInstructionSet = isa }, Prefill());
        choice = Step("threads", 0.25, candidates.Threads, choice, (c, threads) => c with { Threads = threads }, Both());
        choice = StepBatch(choice);
        return (StepKvType(choice), _measurements);
    }

    private double SecondsLeft => options.Seconds - Stopwatch.GetElapsedTime(_started).TotalSeconds;

    /// <summary>Batches are compared on a prompt of the largest one; those that the budget has no time for are left out.</summary>
    private TuningChoice StepBatch(TuningChoice choice)
    {
        const double Share = 0.6;
        double affordable = Math.Min(bench.MaxPositions, _prefillRate * SecondsLeft * Share / (Rounds * candidates.BatchTokens.Count));
        int[] batches = [.. candidates.BatchTokens.Where(batch => batch <= affordable || batch == choice.BatchTokens)];
        int tokens = batches.Max();
        if (tokens > affordable)
        {
            tell(FormattableString.Invariant($"batch: {choice.BatchTokens}, not measured: no time for prompts of that length"));
            return choice;
        }

        return Step(
            "batch", Share, batches, choice, (c, batch) => c with { BatchTokens = batch },
            (c, _) => new Speed(bench.Prefill(c, tokens), null));
    }

    /// <summary>Types of the KV cache are compared with a filled one.</summary>
    private TuningChoice StepKvType(TuningChoice choice)
    {
        int depth = (int)Math.Min(Math.Min(1024, bench.MaxPositions / 2), _prefillRate * SecondsLeft * 0.5 / (Rounds * candidates.KvTypes.Count));
        if (depth < 32)
        {
            tell($"kv type: {choice.KvType}, not measured: no time to fill a cache");
            return choice;
        }

        return Step("kv type", 0.5, candidates.KvTypes, choice, (c, type) => c with { KvType = type }, Decode(depth));
    }

    private Func<TuningChoice, double, Speed> Decode(int depth) => (choice, seconds) => new Speed(null, bench.Decode(choice, depth, seconds));

    private Func<TuningChoice, double, Speed> Prefill() => (choice, seconds) => new Speed(bench.Prefill(choice, PrefillTokens(seconds)), null);

    private Func<TuningChoice, double, Speed> Both() => (choice, seconds) =>
        new Speed(bench.Prefill(choice, PrefillTokens(seconds / 2)), bench.Decode(choice, 0, seconds / 2));

    private int PrefillTokens(double seconds) => (int)Math.Clamp(_prefillRate * seconds, Math.Min(16, bench.MaxPositions), Math.Min(512, bench.MaxPositions));

    /// <summary>Measures the candidates of one setting in rounds and takes the best.</summary>
    private TuningChoice Step<T>(
        string name, double share, IReadOnlyList<T> values, TuningChoice choice, Func<TuningChoice, T, TuningChoice> apply,
        Func<TuningChoice, double, Speed> measure)
    {
        if (values.Count < 2)
        {
            return choice;
        }

        tell(FormattableString.Invariant($"{name}: {string.Join(", ", values)}"));
        double seconds = Math.Max(0, SecondsLeft) * share / (values.Count * Rounds);
        var speeds = values.Select(_ => new List<Speed>()).ToArray();
        for (int round = 0; round < Rounds && (round == 0 || SecondsLeft > 0); round++)
        {
            for (int i = 0; i < values.Count; i++)
            {
                speeds[i].Add(measure(apply(choice, values[i]), seconds));
            }
        }

        int best = Choose(speeds);
        _measurements.AddRange(values.Select((value, i) => new TuningMeasurement(
            name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "", Median(speeds[i], speed => speed.Prefill),
            Median(speeds[i], speed => speed.Decode), i == best)));
        return apply(choice, values[best]);
    }

    /// <summary>The index of the candidate that takes the least time for a turn; the first where none is clearly better.</summary>
    private static int Choose(IReadOnlyList<Speed>[] speeds)
    {
        int best = 0;
        double bestGain = LeastGain;
        for (int i = 1; i < speeds.Length; i++)
        {
            double[] gains = [.. speeds[i].Select((speed, round) => speeds[0][round].SecondsOfTurn / speed.SecondsOfTurn).Order()];
            if (gains[0] > 1 && gains[gains.Length / 2] > bestGain)
            {
                best = i;
                bestGain = gains[gains.Length / 2];
            }
        }

        return best;
    }

    private static double? Median(List<Speed> speeds, Func<Speed, double?> rate)
    {
        double[] rates = [.. speeds.Select(rate).OfType<double>().Order()];
        return rates.Length > 0 ? rates[rates.Length / 2] : null;
    }

    /// <summary>Tokens a second; null for what was not measured.</summary>
    private readonly record struct Speed(double? Prefill, double? Decode)
    {
        public double SecondsOfTurn => (Prefill is { } prefill ? TurnPrompt / prefill : 0) + (Decode is { } decode ? TurnAnswer / decode : 0);
    }
}
