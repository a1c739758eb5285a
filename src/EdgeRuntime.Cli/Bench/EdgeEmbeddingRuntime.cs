using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cli.Bench.Plan;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Drives this runtime for a measurement of embeddings.</summary>
/// <param name="model">The model; this object takes ownership.</param>
internal sealed class EdgeEmbeddingRuntime(LanguageModel model) : IEmbeddingRuntime
{
    private static readonly EmbeddingOptions Options = new() { BatchTokens = BenchOptions.BatchTokens };

    public LanguageModel Model { get; } = model;

    public int VocabularySize => Model.VocabularySize;

    public void Pause() => Thread.Sleep(EdgeBenchRuntime.TimeToSleep);

    public IReadOnlyList<ReadOnlyMemory<float>> Embed(IReadOnlyList<ReadOnlyMemory<int>> texts) =>
        [.. Model.Embed(texts, Options).Select(embedding => embedding.Values)];

    public void Dispose() => Model.Dispose();
}
