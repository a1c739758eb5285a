using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Tests.Tuning;

public sealed class TuningSearchTests
{
    private static readonly TuningCandidates Candidates = new(
        ["wide", "narrow"], [4, 2, 1], [512, 128, 1024], [KvCacheType.F16, KvCacheType.F32]);

    [Fact]
    public void Run_AllAlike_KeepsTheDefaults()
    {
        (TuningChoice choice, _) = Search(new FakeBench(_ => 1, _ => 1));
        Assert.Equal(new TuningChoice(4, "wide", "wide", KvCacheType.F16, 512), choice);
    }

    [Fact]
    public void Run_EachBetterSetting_IsFound()
    {
        var bench = new FakeBench(
            prefill: c => (c.PrefillInstructionSet == "narrow" ? 2 : 1) * (c.BatchTokens == 1024 ? 1.2 : 1) * (c.Threads == 2 ? 1.5 : 1),
            decode: c => (c.DecodeInstructionSet == "wide" ? 2 : 1) * (c.KvCacheType == KvCacheType.F32 ? 1.1 : 1));
        (TuningChoice choice, IReadOnlyList<TuningMeasurement> measurements) = Search(bench);
        Assert.Equal(new TuningChoice(2, "narrow", "wide", KvCacheType.F32, 1024), choice);
        Assert.Equal(
            ["decode isa wide", "prefill isa narrow", "threads 2", "batch 1024", "kv type F32"],
            measurements.Where(measurement => measurement.IsChosen).Select(measurement => $"{measurement.Step} {measurement.Setting}"));
        Assert.Equal(2 + 2 + 3 + 3 + 2, measurements.Count);
    }

    [Fact]
    public void Run_GainWithinTheNoise_KeepsTheDefault()
    {
        var bench = new FakeBench(c => c.PrefillInstructionSet == "narrow" ? 1.02 : 1, _ => 1);
        Assert.Equal("wide", Search(bench).Choice.PrefillInstructionSet);
    }

    [Fact]
    public void Run_BetterInMostRoundsOnly_KeepsTheDefault()
    {
        int narrow = 0;
        var bench = new FakeBench(_ => 1, c => c.DecodeInstructionSet == "narrow" ? (++narrow == 2 ? 0.9 : 1.5) : 1);
        Assert.Equal("wide", Search(bench).Choice.DecodeInstructionSet);
    }

    [Fact]
    public void Run_ThreadsHelpPrefillAndHurtDecode_TakesTheShorterTurn()
    {
        // A turn is 256 tokens of prefill at about 1000/s and 128 of decode at about 100/s: decode decides.
        var bench = new FakeBench(c => c.Threads == 4 ? 1.5 : 1, c => c.Threads == 1 ? 1.2 : 1);
        Assert.Equal(1, Search(bench).Choice.Threads);
    }

    [Fact]
    public void Run_OneCandidateEach_MeasuresNothing()
    {
        var bench = new FakeBench(_ => 1, _ => 1);
        (TuningChoice choice, IReadOnlyList<TuningMeasurement> measurements) = new TuningSearch(
            bench, new TuningCandidates(["only"], [1], [512], [KvCacheType.F16]), new TuningOptions(), _ => { }, bench).Run();
        Assert.Equal(new TuningChoice(1, "only", "only", KvCacheType.F16, 512), choice);
        Assert.Empty(measurements);
    }

    [Fact]
    public void Run_SlowDevice_LeavesOutWhatTheBudgetCantPay()
    {
        var lines = new List<string>();
        var bench = new FakeBench(_ => 0.001, _ => 1);
        (TuningChoice choice, IReadOnlyList<TuningMeasurement> measurements) =
            new TuningSearch(bench, Candidates, new TuningOptions { TimeLimit = TimeSpan.FromSeconds(5) }, lines.Add, bench).Run();
        Assert.Equal(512, choice.BatchTokens);
        Assert.DoesNotContain(measurements, measurement => measurement.Step is "batch" or "kv type");
        Assert.Contains(lines, line => line.StartsWith("batch: 512, not measured", StringComparison.Ordinal));
        Assert.True(bench.LongestPrefill <= 32, $"{bench.LongestPrefill} tokens");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(300)]
    public void Run_ShortContext_StaysWithinIt(int positions)
    {
        var bench = new FakeBench(_ => 1, _ => 1) { MaxPositions = positions };
        new TuningSearch(bench, Candidates, new TuningOptions { TimeLimit = TimeSpan.FromSeconds(10) }, _ => { }, bench).Run();
        Assert.True(bench.LongestPrefill <= positions, $"{bench.LongestPrefill} tokens");
    }

    /// <summary>From a board that decodes two tokens a second to a model that needs no time at all.</summary>
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.05)]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(100)]
    public void Run_AnySpeed_KeepsToItsTime(double speed)
    {
        var bench = new FakeBench(
            c => speed * (c.PrefillInstructionSet == "wide" ? 1 : 0.4), c => speed * (c.DecodeInstructionSet == "wide" ? 1 : 1.2));
        new TuningSearch(bench, Candidates, new TuningOptions(), _ => { }, bench).Run();
        Assert.InRange(bench.Elapsed.TotalSeconds, 0, 30);
    }

    /// <summary>Other work on the machine: after five seconds everything takes four times as long.</summary>
    [Fact]
    public void Run_MachineThatBecomesBusy_KeepsToItsTimeAbout()
    {
        var bench = new FakeBench(_ => 1, _ => 1) { Slowdown = elapsed => elapsed > TimeSpan.FromSeconds(5) ? 4 : 1 };
        new TuningSearch(bench, Candidates, new TuningOptions(), _ => { }, bench).Run();
        Assert.InRange(bench.Elapsed.TotalSeconds, 0, 36);
    }

    [Fact]
    public void Run_CandidateThatLosesARound_IsMeasuredNoMore()
    {
        int narrow = 0;
        var bench = new FakeBench(_ => 1, c =>
        {
            narrow += c.DecodeInstructionSet == "narrow" ? 1 : 0;
            return c.DecodeInstructionSet == "narrow" ? 0.9 : 1;
        });
        Search(bench);
        Assert.Equal(1, narrow);
    }

    [Fact]
    public void Run_TimeForOneRoundOnly_KeepsTheDefault()
    {
        // The first measurement of threads takes so long that no second round fits.
        bool waited = false;
        var bench = new FakeBench(_ => 1, c => c.Threads == 2 ? 1.5 : 1);
        bench.Waits = choice =>
        {
            bool first = choice.Threads == 2 && !waited;
            waited |= first;
            return first ? TimeSpan.FromSeconds(50) : TimeSpan.Zero;
        };
        Assert.Equal(4, Search(bench).Choice.Threads);
        Assert.True(waited);
    }

    [Fact]
    public void OfThisMachine_LossyTypes_OnlyOnRequest()
    {
        Assert.Equal([KvCacheType.F16, KvCacheType.F32], TuningCandidates.OfThisMachine(allowLossyKv: false).KvTypes);
        TuningCandidates all = TuningCandidates.OfThisMachine(allowLossyKv: true);
        Assert.Contains(KvCacheType.Q8_0, all.KvTypes);
        Assert.Equal(SessionOptions.DefaultBatchTokens, all.BatchTokens[0]);
        Assert.Equal(Kernels.InstructionSet.Default.Name, all.InstructionSets[0]);
    }

    private static (TuningChoice Choice, IReadOnlyList<TuningMeasurement> Measurements) Search(FakeBench bench) =>
        new TuningSearch(bench, Candidates, new TuningOptions { TimeLimit = TimeSpan.FromSeconds(60) }, _ => { }, bench).Run();

    /// <summary>A device whose speeds are made up: 1000 and 100 tokens a second times a factor. It is also the clock.</summary>
    private sealed class FakeBench(Func<TuningChoice, double> prefill, Func<TuningChoice, double> decode) : TimeProvider, ITuningBench
    {
        public int MaxPositions { get; init; } = 2048;

        public Func<TimeSpan, double> Slowdown { get; init; } = _ => 1;

        public Func<TuningChoice, TimeSpan> Waits { get; set; } = _ => TimeSpan.Zero;

        public int LongestPrefill { get; private set; }

        public TimeSpan Elapsed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public double Prefill(TuningChoice choice, int tokens)
        {
            Assert.InRange(tokens, 1, int.MaxValue);
            LongestPrefill = Math.Max(LongestPrefill, tokens);
            double rate = 1000 * prefill(choice) / Slowdown(Elapsed);
            Elapsed += Waits(choice) + TimeSpan.FromSeconds(tokens / rate);
            return rate;
        }

        public double Decode(TuningChoice choice, int depth, double seconds)
        {
            Assert.InRange(depth, 0, MaxPositions - 1);
            double rate = 100 * decode(choice) / Slowdown(Elapsed);
            double fill = depth / (1000 * prefill(choice) / Slowdown(Elapsed));
            Elapsed += TimeSpan.FromSeconds(fill + Math.Max(seconds, ITuningBench.MinDecodedTokens / rate));
            return rate;
        }
    }
}
