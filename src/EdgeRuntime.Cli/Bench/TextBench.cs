using System;
using System.Collections.Generic;
using System.Diagnostics;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Measures embeddings of short texts: one run to warm up and then the repeats.</summary>
/// <param name="options">What to measure.</param>
/// <param name="machine">The machine that is measured.</param>
/// <param name="tell">Receives lines about the progress.</param>
internal sealed class TextBench(BenchOptions options, MachineFacts machine, Action<string> tell)
{
    /// <summary>Measures a model with one number of threads.</summary>
    /// <param name="card">The model.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="done">Receives each row as soon as it is measured.</param>
    public void Run(ModelCard card, int threads, Action<BenchRow> done)
    {
        using var runtime = new EdgeEmbeddingRuntime(
            ModelLoading.Load(card.Path, options.CreateModelOptions(threads)));
        foreach (TextTest test in options.TextTests)
        {
            tell($"{card.FileName}: {test.Name}, {threads} threads");
            IReadOnlyList<ReadOnlyMemory<int>> texts = test.CreateTexts(runtime.VocabularySize);
            double[] seconds = new double[options.Repeats];
            for (int repeat = -1; repeat < seconds.Length; repeat++)
            {
                seconds[Math.Max(0, repeat)] = Time(runtime, texts);
            }

            done(ToRow(card, runtime.Model, test, seconds));
        }
    }

    /// <summary>Computes the embeddings once.</summary>
    /// <returns>Seconds.</returns>
    public static double Time(IEmbeddingRuntime runtime, IReadOnlyList<ReadOnlyMemory<int>> texts)
    {
        long start = Stopwatch.GetTimestamp();
        runtime.Embed(texts);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private BenchRow ToRow(ModelCard card, LanguageModel model, TextTest test, double[] seconds)
    {
        BenchRow row = BenchRow.Identify(machine, card, model, options.KvTypes);
        row.Add("n_texts", test.Texts);
        row.Add("n_tokens", test.Tokens);
        row.Add("test", test.Name);
        row.AddTestTime();
        row.Add("median_s", Math.Round(Statistics.Median(seconds), 6));
        row.AddRates(test.Tokens, seconds);
        row.Add("median_texts_s", Math.Round(test.Texts / Statistics.Median(seconds), 3));
        return row;
    }
}
