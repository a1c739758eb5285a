using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;

namespace EdgeRuntime.Benchmarks;

/// <summary>
/// Measures how sessions of one model share its engine: the gaps between a session's tokens while another one prefills, and the tokens per
/// second of several sessions that decode at once, each on a thread of its own.
/// </summary>
internal static class SharingBenchmark
{
    private const int PrefillTokens = 3000;
    private const int PromptTokens = 128;
    private const int Answer = 128;
    private const int Repeats = 2;

    /// <summary>Prints the measurements.</summary>
    /// <param name="path">The path of a model file.</param>
    public static void Run(string path)
    {
        using var model = LanguageModel.Load(path);
        Print($"{path}, {model.Threads} threads, {model.InstructionSet}");
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            MeasureGaps(model);
        }

        foreach (int sessions in (int[])[1, 8])
        {
            double[] speeds = new double[Repeats];
            double bytes = 0;
            for (int repeat = 0; repeat < Repeats; repeat++)
            {
                speeds[repeat] = Decode(model, sessions, out bytes);
            }

            Array.Sort(speeds);
            Print($"{sessions} sessions decode: {speeds[0]:F1} to {speeds[^1]:F1} tok/s in all, {bytes:F1} B a token");
        }
    }

    private static void MeasureGaps(LanguageModel model)
    {
        int[] prompt = Tokens(model, PrefillTokens, seed: 1);
        using ModelSession long1 = model.CreateSession();
        long start = Stopwatch.GetTimestamp();
        long1.Forward(prompt);
        double alone = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using ModelSession decoding = model.CreateSession();
        int token = Best(decoding.Forward(Tokens(model, PromptTokens, seed: 2)));
        using var decodes = new ManualResetEventSlim();
        double together = 0;
        var prefill = new Thread(() =>
        {
            decodes.Wait();
            long1.Truncate(0);
            long begin = Stopwatch.GetTimestamp();
            long1.Forward(prompt);
            Volatile.Write(ref together, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        });
        prefill.Start();
        List<double> gaps = [];
        long last = Stopwatch.GetTimestamp();
        for (int tokens = 0; tokens < 16 || Volatile.Read(ref together) == 0; tokens++)
        {
            token = Best(decoding.Forward([token]));
            long now = Stopwatch.GetTimestamp();
            gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
            last = now;
            if (tokens == 15)
            {
                decodes.Set();
            }
        }

        prefill.Join();
        gaps.RemoveRange(0, 16);
        gaps.Sort();
        Print($"prefill of {PrefillTokens}: {alone:F0} ms alone, {together:F0} ms beside a session that decodes");
        Print(
            $"{gaps.Count} gaps: median {gaps[gaps.Count / 2]:F1}, 95% {gaps[gaps.Count * 95 / 100]:F1}, greatest {gaps[^1]:F1} ms");
    }

    private static double Decode(LanguageModel model, int sessions, out double bytes)
    {
        using var begin = new Barrier(sessions + 1);
        Thread[] threads = [.. Enumerable.Range(0, sessions).Select(i => new Thread(() =>
        {
            using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = PromptTokens + Answer });
            int token = Best(session.Forward(Tokens(model, PromptTokens, seed: i)));
            begin.SignalAndWait();
            for (int tokens = 0; tokens < Answer; tokens++)
            {
                token = Best(session.Forward([token]));
            }

            begin.SignalAndWait();
        }))];
        Array.ForEach(threads, thread => thread.Start());
        begin.SignalAndWait();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        begin.SignalAndWait();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)(sessions * Answer);
        Array.ForEach(threads, thread => thread.Join());
        return sessions * Answer / seconds;
    }

    private static int Best(ReadOnlySpan<float> logits) => TensorPrimitives.IndexOfMax(logits);

    private static int[] Tokens(LanguageModel model, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1, model.VocabularySize))];
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
