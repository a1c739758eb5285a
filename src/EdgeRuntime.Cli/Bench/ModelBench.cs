using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// Measures this runtime: every model with every number of threads on every test, one run to warm up and then the repeats. Rows have
/// llama-bench's names where they mean the same.
/// </summary>
internal sealed class ModelBench(BenchOptions options, MachineFacts machine, EnergyMeter? energy, Action<string> tell)
{
    private const int MostStarts = 3;

    /// <summary>Runs the measurements; <paramref name="done"/> receives each row as soon as it is measured.</summary>
    public void Run(Action<BenchRow> done)
    {
        foreach (string path in options.Models)
        {
            ModelCard card = ModelCard.Read(path);
            foreach (int threads in options.Threads)
            {
                if (options.MeasuresTexts(card))
                {
                    new TextBench(options, machine, tell).Run(card, threads, done);
                }
                else
                {
                    RunModel(card, threads, done);
                }
            }
        }
    }

    private void RunModel(ModelCard card, int threads, Action<BenchRow> done)
    {
        int positions = Math.Max(StartProbe.PromptTokens, options.Tests.Max(test => test.Positions));
        tell($"{card.FileName}: starts with {threads} threads");
        StartFacts? start = StartProbe.Measure(options, card.Path, threads, Math.Min(MostStarts, options.Repeats));
        long began = Stopwatch.GetTimestamp();
        LanguageModel model = ModelLoading.Load(card.Path, options.CreateModelOptions(threads));
        double loadSeconds = start?.LoadSeconds ?? Stopwatch.GetElapsedTime(began).TotalSeconds;
        using var runtime = new EdgeBenchRuntime(model, positions, options.KvTypes);
        int[] tokens = BenchTokens.Create(positions, runtime.VocabularySize);
        double warmFirstToken = MeasureWarmFirstToken(runtime, tokens);
        EnergyReading? idle = MeasureIdle(runtime);
        foreach (BenchTest test in options.Tests)
        {
            tell($"{card.FileName}: {test.Name}, {threads} threads");
            TestTimes times = Measure(runtime, test, tokens);
            BenchRow row = Identify(card, runtime, test);
            AddTimes(row, test, times);
            AddStart(row, start, loadSeconds, warmFirstToken);
            AddRates(row, card, runtime, test, times);
            AddEnergy(row, test, times, idle);
            done(row);
        }
    }

    private TestTimes Measure(EdgeBenchRuntime runtime, BenchTest test, int[] tokens)
    {
        BenchTurn.Run(runtime, test, tokens);
        double before = ReadBandwidth.MeasureGigabytesPerSecond(runtime.Model.Threads);
        double[] seconds = new double[options.Repeats];
        double[] latencies = new double[options.Repeats * test.Generated];
        var readings = new List<EnergyReading>();
        string? problem = null;
        for (int repeat = 0; repeat < seconds.Length; repeat++)
        {
            seconds[repeat] = BenchTurn.Run(runtime, test, tokens, latencies.AsSpan(repeat * test.Generated, test.Generated), energy);
            if (energy?.Stop() is { } reading)
            {
                readings.Add(reading);
            }
            else
            {
                problem ??= energy?.Status;
            }
        }

        runtime.Pause();
        double after = ReadBandwidth.MeasureGigabytesPerSecond(runtime.Model.Threads);
        return new TestTimes(
            seconds, latencies, Math.Min(before, after), Math.Max(before, after), ClockProbe.MeasureGigahertz(), readings, problem);
    }

    private double MeasureWarmFirstToken(EdgeBenchRuntime runtime, int[] tokens)
    {
        double[] seconds = new double[options.Repeats];
        for (int repeat = -1; repeat < seconds.Length; repeat++)
        {
            runtime.Rewind(0);
            long start = Stopwatch.GetTimestamp();
            runtime.Append(tokens.AsSpan(0, StartProbe.PromptTokens));
            seconds[Math.Max(0, repeat)] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return Statistics.Median(seconds);
    }

    private BenchRow Identify(ModelCard card, EdgeBenchRuntime runtime, BenchTest test)
    {
        BenchRow row = BenchRow.Identify(machine, card, runtime.Model, options.KvTypes);
        row.Add("n_prompt", test.Prompt);
        row.Add("n_gen", test.Generated);
        row.Add("n_depth", test.Depth);
        row.Add("test", test.Name);
        row.AddTestTime();
        return row;
    }

    private static void AddTimes(BenchRow row, BenchTest test, TestTimes times)
    {
        row.AddRates(test.Tokens, times.Seconds);
        if (times.Latencies.Length > 0)
        {
            foreach (int percent in (int[])[50, 95, 99])
            {
                double milliseconds = Statistics.Percentile(times.Latencies, percent) * 1e3;
                row.Add(FormattableString.Invariant($"latency_p{percent}_ms"), Math.Round(milliseconds, 4));
            }

            row.Add("latency_max_ms", Math.Round(times.Latencies.Max() * 1e3, 4));
        }
    }

    private static void AddStart(BenchRow row, StartFacts? start, double loadSeconds, double warmFirstToken)
    {
        row.Add("load_s", Math.Round(loadSeconds, 4));
        if (start is not null)
        {
            row.Add("ttft_cold_s", Math.Round(start.FirstTokenSeconds, 4));
        }

        row.Add("ttft_warm_s", Math.Round(warmFirstToken, 4));
        if (start is not null)
        {
            row.Add("peak_memory_bytes", start.PeakBytes);
        }
    }

    private static void AddRates(BenchRow row, ModelCard card, EdgeBenchRuntime runtime, BenchTest test, TestTimes times)
    {
        double tokensPerSecond = test.Tokens / Statistics.Median(times.Seconds);
        row.Add("machine_gbs_low", Math.Round(times.BandwidthLow, 2));
        row.Add("machine_gbs_high", Math.Round(times.BandwidthHigh, 2));
        if (!test.IsPrefill)
        {
            double bytes = (runtime.Model.WeightBytes * card.ReadShare) + runtime.KvBytesAt(test.Depth + (test.Generated / 2.0));
            row.Add("bytes_per_token", Math.Round(bytes));
            row.Add("read_gbs", Math.Round(bytes * tokensPerSecond / 1e9, 2));
            row.Add("bandwidth_share", Math.Round(bytes * tokensPerSecond / 1e9 / times.BandwidthHigh, 4));
        }

        if (times.ClockGigahertz is { } clock)
        {
            // A prefill computes the logits of its last position only.
            double macs = card.LayerMacs + (card.OutputMacs / (double)(test.IsPrefill ? test.Prompt : 1));
            row.Add("clock_ghz", Math.Round(clock, 3));
            row.Add("clock_source", ClockProbe.Source);
            row.Add("mac_per_cycle", Math.Round(macs * tokensPerSecond / (clock * 1e9 * runtime.Model.Threads), 2));
        }
    }

    /// <summary>Measures the power of the idle device with the model loaded: no thread of this process computes.</summary>
    private EnergyReading? MeasureIdle(EdgeBenchRuntime runtime)
    {
        if (energy is not { HasSensor: true })
        {
            return null;
        }

        tell($"idle power, {energy.Source}");
        runtime.Pause();
        return energy.MeasureIdle();
    }

    /// <summary>Adds the energy of all repeats together.</summary>
    /// <remarks>If a repeat has no reading, no numbers are added, because its tokens would count without their energy.</remarks>
    private void AddEnergy(BenchRow row, BenchTest test, TestTimes times, EnergyReading? idle)
    {
        if (energy is null)
        {
            return;
        }

        EnergyReading? sum = times.EnergyProblem is null ? times.Energy.Aggregate((a, b) => a.Plus(b)) : null;
        long tokens = (long)test.Tokens * times.Seconds.Length;
        foreach ((string name, object value) in EnergyFields.Of(times.EnergyProblem ?? energy.Status, sum, idle, tokens))
        {
            row.Add(name, value);
        }
    }

    /// <summary>One test's raw measurements.</summary>
    private sealed record TestTimes(double[] Seconds, double[] Latencies, double BandwidthLow, double BandwidthHigh, double? ClockGigahertz,
        IReadOnlyList<EnergyReading> Energy, string? EnergyProblem);
}
