using System;
using System.Collections.Generic;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Transformers;

/// <summary>Weights of one transformer layer. Owns them.</summary>
internal sealed class LayerWeights : IDisposable
{
    /// <summary>[hidden].</summary>
    public required NativeBuffer AttentionNorm { get; init; }

    /// <summary>[heads * key length, hidden].</summary>
    public required Projection Query { get; init; }

    /// <summary>[KV heads * key length, hidden].</summary>
    public required Projection Key { get; init; }

    /// <summary>[KV heads * value length, hidden].</summary>
    public required Projection Value { get; init; }

    /// <summary>[hidden, heads * value length].</summary>
    public required Projection Output { get; init; }

    /// <summary>[hidden].</summary>
    public required NativeBuffer FeedForwardNorm { get; init; }

    /// <summary>[feed-forward, hidden].</summary>
    public required Projection Gate { get; init; }

    /// <summary>[feed-forward, hidden].</summary>
    public required Projection Up { get; init; }

    /// <summary>[hidden, feed-forward].</summary>
    public required Projection Down { get; init; }

    public IEnumerable<Projection> Projections => [Query, Key, Value, Output, Gate, Up, Down];

    public void Dispose()
    {
        AttentionNorm.Dispose();
        FeedForwardNorm.Dispose();
        foreach (Projection projection in Projections)
        {
            projection.Dispose();
        }
    }
}
