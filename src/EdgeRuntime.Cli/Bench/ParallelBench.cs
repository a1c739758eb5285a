using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// Measures several sequences at once, with llama-batched-bench's names for what is measured. Every timed run decodes greedily, and each
/// sequence must get the tokens that it gets alone.
/// </summary>
/// <param name="options">What to measure.</param>
/// <param name="machine">The machine that is measured.</param>
/// <param name="tell">Receives lines about the progress.</param>
internal sealed class ParallelBench(BenchOptions options, MachineFacts machine, Action<string> tell)
{
    /// <summary>Measures every model with every number of threads.</summary>
    /// <param name="done">Receives each row as soon as it is measured.</param>
    /// <exception cref="CommandException">A sequence got other tokens than it gets alone.</exception>
    public void Run(Action<BenchRow> done)
    {
        foreach (string path in options.Models)
        {
            ModelCard card = ModelCard.Read(path);
            foreach (int threads in options.Threads)
            {
                using LanguageModel model = ModelLoading.Load(path, options.CreateModelOptions(threads));
                RunModel(card, model, done);
            }
        }
    }

    private void RunModel(ModelCard card, LanguageModel model, Action<BenchRow> done)
    {
        foreach (IGrouping<(int Prompt, int Generated), ParallelTest> group in options.ParallelTests.GroupBy(
            test => (test.Prompt, test.Generated)))
        {
            int most = group.Max(test => test.Sequences);
            tell($"{card.FileName}: each of {most} sequences alone, {model.Threads} threads");
            int[][] prompts =
                [.. Enumerable.Range(0, most).Select(i => BenchTokens.Create(group.Key.Prompt, model.VocabularySize, sequence: i))];
            int[][] alone = [.. prompts.Select(prompt => DecodeAlone(model, prompt, group.Key.Generated))];
            foreach (ParallelTest test in group)
            {
                tell($"{card.FileName}: {test.Name}, {model.Threads} threads");
                TestTimes times = Measure(card, model, test, prompts, alone);
                tell($"{card.FileName}: {test.Name}: each sequence got the {test.Generated + 1} tokens that it gets alone");
                done(ToRow(card, model, test, times));
            }
        }
    }

    private TestTimes Measure(ModelCard card, LanguageModel model, ParallelTest test, int[][] prompts, int[][] alone)
    {
        using var batch = new SequenceBatch(model, test.Sequences, test.Positions, options.KvTypes);
        double[] prefill = new double[options.Repeats];
        double[] decode = new double[options.Repeats];
        for (int repeat = -1; repeat < options.Repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            batch.Prefill(prompts.AsSpan(0, test.Sequences));
            long middle = Stopwatch.GetTimestamp();
            for (int i = 0; i < test.Generated; i++)
            {
                batch.Decode();
            }

            prefill[Math.Max(0, repeat)] = Stopwatch.GetElapsedTime(start, middle).TotalSeconds;
            decode[Math.Max(0, repeat)] = Stopwatch.GetElapsedTime(middle).TotalSeconds;
            for (int i = 0; i < test.Sequences; i++)
            {
                CheckTokens(card.Path, test, i, batch.Tokens(i), alone[i]);
            }
        }

        return new TestTimes(prefill, decode);
    }

    /// <summary>Compares a sequence's tokens with those that it gets alone.</summary>
    /// <exception cref="CommandException">They differ.</exception>
    public static void CheckTokens(string path, ParallelTest test, int sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<int> alone)
    {
        int position = tokens.CommonPrefixLength(alone);
        if (position < alone.Length)
        {
            throw new CommandException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {test.Name}: sequence {sequence} got token {tokens[position]} at position {position} and token {alone[position]} "
                + $"alone; expected the same. This is a fault of edgert: please report it"));
        }
    }

    /// <summary>Decodes a single sequence in a session, as every other command does.</summary>
    private int[] DecodeAlone(LanguageModel model, int[] prompt, int generated)
    {
        int positions = prompt.Length + generated;
        var session = new SessionOptions { ContextLength = positions, AllowLongContext = true, BatchTokens = BenchOptions.BatchTokens };
        using ModelSession alone = model.CreateSession(options.KvTypes.ApplyTo(session));
        Sampler sampler = SequenceBatch.CreateGreedy(model, positions);
        var tokens = new List<int>(prompt) { sampler.Sample(alone.Forward(prompt)) };
        while (tokens.Count <= positions)
        {
            tokens.Add(sampler.Sample(alone.Forward([tokens[^1]])));
        }

        return [.. tokens];
    }

    private BenchRow ToRow(ModelCard card, LanguageModel model, ParallelTest test, TestTimes times)
    {
        double prefill = Statistics.Median(times.Prefill);
        double decode = Statistics.Median(times.Decode);
        BenchRow row = BenchRow.Identify(machine, card, model, options.KvTypes);
        row.Add("test", test.Name);
        row.Add("n_kv_max", test.KvPositions);
        row.Add("pp", test.Prompt);
        row.Add("tg", test.Generated);
        row.Add("pl", test.Sequences);
        row.Add("n_kv", test.KvPositions);
        row.Add("t_pp", Math.Round(prefill, 6));
        row.Add("speed_pp", Math.Round((long)test.Sequences * test.Prompt / prefill, 3));
        row.Add("t_tg", Math.Round(decode, 6));
        row.Add("speed_tg", Math.Round((long)test.Sequences * test.Generated / decode, 3));
        row.Add("t", Math.Round(prefill + decode, 6));
        row.Add("speed", Math.Round(test.KvPositions / (prefill + decode), 3));
        row.Add("samples_t_pp", times.Prefill.Select(seconds => Math.Round(seconds, 6)).ToArray());
        row.Add("samples_t_tg", times.Decode.Select(seconds => Math.Round(seconds, 6)).ToArray());
        row.AddTestTime();
        return row;
    }

    /// <summary>The seconds of each run.</summary>
    private sealed record TestTimes(double[] Prefill, double[] Decode);
}
