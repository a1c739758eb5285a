using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>
/// A runtime with a model that makes embeddings, as a measurement drives it. While it is paused none of its threads may use a core. For one
/// caller at a time; owns what it loads.
/// </summary>
internal interface IEmbeddingRuntime : IDisposable
{
    /// <summary>Gets the number of token ids.</summary>
    int VocabularySize { get; }

    /// <summary>Puts the runtime's threads to sleep until the next work; returns when they sleep.</summary>
    void Pause();

    /// <summary>Computes the pooled embedding of each text, in passes of up to 512 tokens.</summary>
    /// <param name="texts">The token ids of each text, 512 at most.</param>
    /// <returns>One vector for each text; its length is not normalized in every runtime.</returns>
    IReadOnlyList<ReadOnlyMemory<float>> Embed(IReadOnlyList<ReadOnlyMemory<int>> texts);
}
