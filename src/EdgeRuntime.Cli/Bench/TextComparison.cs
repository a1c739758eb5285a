using System;
using System.Collections.Generic;
using System.Numerics.Tensors;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Compares the embeddings of short texts with llama.cpp's: their directions once, then the speed, A B B A.</summary>
/// <param name="options">What to measure; names the peer.</param>
/// <param name="pairs">Pairs of runs.</param>
/// <param name="tell">Receives lines about the progress.</param>
internal sealed class TextComparison(BenchOptions options, int pairs, Action<string> tell)
{
    /// <summary>The lowest cosine of two embeddings of the same text; models with 8-bit weights are above 0.99.</summary>
    private const float LowestCosine = 0.95f;

    /// <summary>Measures a model with one number of threads.</summary>
    /// <param name="card">The model.</param>
    /// <param name="peerModel">The model in llama.cpp.</param>
    /// <param name="threads">Threads of each runtime.</param>
    /// <param name="done">Receives each result as soon as it is measured.</param>
    /// <exception cref="CommandException">The runtimes compute different embeddings.</exception>
    public void Run(ModelCard card, LlamaModel peerModel, int threads, Action<ComparedTest> done)
    {
        using var ours = new EdgeEmbeddingRuntime(
            ModelLoading.Load(card.Path, options.CreateModelOptions(threads)));
        using var flash = new LlamaEmbeddingRuntime(peerModel, threads, flashAttention: true);
        using var plain = new LlamaEmbeddingRuntime(peerModel, threads, flashAttention: false);
        foreach (TextTest test in options.TextTests)
        {
            tell($"{card.FileName} {test.Name}, {threads} threads, {pairs} pairs");
            IReadOnlyList<ReadOnlyMemory<int>> texts = test.CreateTexts(ours.VocabularySize);
            CheckDirections(card.Path, ours.Embed(texts), plain.Embed(texts));
            bool useFlash = PairedRuns.BestOf(() => Turn(flash, texts)) <= PairedRuns.BestOf(() => Turn(plain, texts));
            LlamaEmbeddingRuntime peer = useFlash ? flash : plain;
            PairedRuns runs = PairedRuns.Measure(pairs, () => Turn(ours, texts), () => Turn(peer, texts));
            done(new ComparedTest(card, test.Name, ours.Model.Threads, ours.Model.InstructionSet, test.Tokens, runs)
            {
                FlashAttention = useFlash,
                Texts = test.Texts,
            });
        }
    }

    private static void CheckDirections(
        string path, IReadOnlyList<ReadOnlyMemory<float>> ours, IReadOnlyList<ReadOnlyMemory<float>> peer)
    {
        for (int i = 0; i < ours.Count; i++)
        {
            float cosine = ours[i].Length == peer[i].Length ? TensorPrimitives.CosineSimilarity(ours[i].Span, peer[i].Span) : 0;
            if (!(cosine >= LowestCosine))
            {
                throw new CommandException(FormattableString.Invariant(
                    $"{path}: text {i} has different embeddings in the two runtimes: cosine {cosine:F3}; expected {LowestCosine} or more"));
            }
        }
    }

    private static double Turn(IEmbeddingRuntime runtime, IReadOnlyList<ReadOnlyMemory<int>> texts)
    {
        try
        {
            return TextBench.Time(runtime, texts);
        }
        finally
        {
            runtime.Pause();
        }
    }
}
