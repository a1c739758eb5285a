using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EdgeRuntime.Tuning;

/// <summary>
/// Chooses settings one after another: decode ISA, prefill ISA, threads, batch, KV type. The candidates of a step take turns over several
/// rounds, so that changes of the clock frequency affect all of them. A candidate replaces the default only if it is faster in every round,
/// of at least two, and clearly faster in the median. A candidate that has lost a round is not measured again.
/// </summary>
/// <remarks>
/// The search respects its time limit: a step gets a share of the remaining time, starts a round only if a round like the last fits into
/// the share, and is skipped if the shortest measurements do not fit.
/// </remarks>
internal sealed class TuningSearch(
    ITuningBench bench, TuningCandidates candidates, TuningOptions options, Action<string> tell, TimeProvider clock)
{
    private const int Rounds = 3;
    private const int MinRounds = 2;
    private const int MinPrefillTokens = 16;
    private const double WarmUpShare = 0.04;

    /// <summary>
    /// The prompt length of a conversation turn, to weigh prefill against decode when both use the same number of threads.
    /// </summary>
    private const int TurnPrompt = 256;
    private const int TurnAnswer = 128;

    private readonly List<TuningMeasurement> _measurements = [];
    private readonly long _started = clock.GetTimestamp();
    private double _prefillRate;
    private double _decodeRate;

    /// <summary>Measures and chooses.</summary>
    public (TuningChoice Choice, IReadOnlyList<TuningMeasurement> Measurements) Run()
    {
        TuningChoice choice = candidates.Default;
        // The first second is slower: pages are faulted in, code is recompiled, the clock frequency rises.
        bench.Prefill(choice, Math.Min(MinPrefillTokens, bench.MaxPositions));
        _decodeRate = bench.Decode(choice, depth: 0, options.TimeLimit.TotalSeconds * WarmUpShare);
        _prefillRate = bench.Prefill(choice, Math.Min(32, bench.MaxPositions));

        choice = Step(
            "decode isa", 0.15, MinDecodeSeconds, candidates.InstructionSets, choice,
            (c, isa) => c with { DecodeInstructionSet = isa }, Decode(depth: 0));
        choice = Step(
            "prefill isa", 0.2, MinPrefillSeconds, candidates.InstructionSets, choice,
            (c, isa) => c with { PrefillInstructionSet = isa }, Prefill());
        choice = Step(
            "threads", 0.25, MinDecodeSeconds + MinPrefillSeconds, candidates.Threads, choice,
            (c, threads) => c with { Threads = threads }, Both());
        choice = StepBatch(choice);
        return (StepKvType(choice), _measurements);
    }

    private double SecondsLeft => options.TimeLimit.TotalSeconds - clock.GetElapsedTime(_started).TotalSeconds;

    private double MinDecodeSeconds => ITuningBench.MinDecodedTokens / _decodeRate;

    private double MinPrefillSeconds => MinPrefillTokens / _prefillRate;

    /// <summary>Compares batch sizes on a prompt of the largest one. Sizes that do not fit into the time limit are skipped.</summary>
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
            "batch", Share, tokens / _prefillRate, batches, choice, (c, batch) => c with { BatchTokens = batch },
            (c, _) => new Speed(bench.Prefill(c, tokens), null));
    }

    /// <summary>Compares the types of the KV cache with a filled cache.</summary>
    private TuningChoice StepKvType(TuningChoice choice)
    {
        int depth = (int)Math.Min(
            Math.Min(1024, bench.MaxPositions / 2),
            _prefillRate * SecondsLeft * 0.5 / (Rounds * candidates.KvTypes.Count));
        if (depth < 32)
        {
            tell($"kv type: {choice.KvCacheType}, not measured: no time to fill a cache");
            return choice;
        }

        return Step(
            "kv type", 0.5, (depth / _prefillRate) + MinDecodeSeconds, candidates.KvTypes, choice,
            (c, type) => c with { KvCacheType = type }, Decode(depth));
    }

    private Func<TuningChoice, double, Speed> Decode(int depth) =>
        (choice, seconds) => new Speed(null, bench.Decode(choice, depth, seconds));

    private Func<TuningChoice, double, Speed> Prefill() =>
        (choice, seconds) => new Speed(bench.Prefill(choice, PrefillTokens(seconds)), null);

    private Func<TuningChoice, double, Speed> Both() => (choice, seconds) =>
        new Speed(bench.Prefill(choice, PrefillTokens(seconds / 2)), bench.Decode(choice, 0, seconds / 2));

    private int PrefillTokens(double seconds) =>
        (int)Math.Clamp(_prefillRate * seconds, Math.Min(MinPrefillTokens, bench.MaxPositions), Math.Min(512, bench.MaxPositions));

    /// <summary>Measures the candidates of one setting in rounds and chooses the best.</summary>
    /// <param name="name">The name of the setting.</param>
    /// <param name="share">The share of the remaining time.</param>
    /// <param name="least">The shortest duration of a measurement in seconds.</param>
    /// <param name="values">The candidates, the default first.</param>
    /// <param name="choice">The settings chosen so far.</param>
    /// <param name="apply">Applies a candidate to the settings.</param>
    /// <param name="measure">Measures for about the given number of seconds.</param>
    private TuningChoice Step<T>(
        string name, double share, double least, IReadOnlyList<T> values, TuningChoice choice, Func<TuningChoice, T, TuningChoice> apply,
        Func<TuningChoice, double, Speed> measure)
    {
        if (values.Count < 2)
        {
            return choice;
        }

        if (least * values.Count * MinRounds > SecondsLeft)
        {
            tell($"{name}: {Text(values[0])}, not measured: no time");
            return choice;
        }

        tell($"{name}: {string.Join(", ", values.Select(Text))}");
        double seconds = SecondsLeft * share;
        List<Speed>[] speeds = Race(values.Count, seconds, i => measure(apply(choice, values[i]), seconds / (values.Count * Rounds)));
        int best = Choose(speeds);
        _measurements.AddRange(values.Select((value, i) => new TuningMeasurement(
            name, Text(value), Median(speeds[i], speed => speed.Prefill), Median(speeds[i], speed => speed.Decode), i == best)));
        _prefillRate = Median(speeds[best], speed => speed.Prefill) ?? _prefillRate;
        return apply(choice, values[best]);
    }

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    /// <summary>Measures all candidates, then in further rounds the first one and those that have beaten it in every round.</summary>
    private List<Speed>[] Race(int candidates, double seconds, Func<int, Speed> measure)
    {
        long began = clock.GetTimestamp();
        var speeds = Enumerable.Range(0, candidates).Select(_ => new List<Speed>()).ToArray();
        List<int> racing = [.. Enumerable.Range(0, candidates)];
        for (int round = 0; round < Rounds; round++)
        {
            int measured = racing.Count;
            long roundBegan = clock.GetTimestamp();
            foreach (int i in racing)
            {
                speeds[i].Add(measure(i));
            }

            racing.RemoveAll(i => i > 0 && speeds[i][round].SecondsOfTurn >= speeds[0][round].SecondsOfTurn);
            double nextRound = clock.GetElapsedTime(roundBegan).TotalSeconds * racing.Count / measured;

            // A candidate that won the first round needs a second one to be chosen, even if that exceeds the share.
            double left = round + 1 < MinRounds ? SecondsLeft : seconds - clock.GetElapsedTime(began).TotalSeconds;
            if (racing.Count == 1 || nextRound > left)
            {
                break;
            }
        }

        return speeds;
    }

    /// <summary>Finds the candidate with the shortest time per turn; the first one if none is clearly better.</summary>
    private static int Choose(IReadOnlyList<Speed>[] speeds)
    {
        int best = 0;
        double bestGain = ModelTuner.MinGain;
        for (int i = 1; i < speeds.Length; i++)
        {
            double[] gains = [.. speeds[i].Select((speed, round) => speeds[0][round].SecondsOfTurn / speed.SecondsOfTurn).Order()];
            if (gains.Length >= MinRounds && gains[0] > 1 && gains[gains.Length / 2] > bestGain)
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

    /// <summary>Rates in tokens per second; null if not measured.</summary>
    private readonly record struct Speed(double? Prefill, double? Decode)
    {
        public double SecondsOfTurn =>
            (Prefill is { } prefill ? TurnPrompt / prefill : 0) + (Decode is { } decode ? TurnAnswer / decode : 0);
    }
}
