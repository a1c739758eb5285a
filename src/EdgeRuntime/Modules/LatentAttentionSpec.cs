using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of an attention layer whose keys and values are one latent vector per position.</summary>
internal sealed record LatentAttentionSpec
{
    public required int Heads { get; init; }

    /// <summary>Gets the length of the latent vector.</summary>
    public required int Latent { get; init; }

    /// <summary>Gets the length of the low-rank query; 0 if queries are projected directly.</summary>
    public required int QueryRank { get; init; }

    /// <summary>Gets the number of elements of a head's query that are not rotated.</summary>
    public required int PlainLength { get; init; }

    /// <summary>Gets the length of a head's value after its expansion.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Gets the rotary encoding of the last elements of a head's query.</summary>
    public required RopeSpec Rope { get; init; }

    /// <summary>Gets the factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Gets the epsilon of the norms of the latent vectors.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Gets the factor of queries that grows with their position, or null.</summary>
    public QueryTemperature? Temperature { get; init; }

    /// <summary>Gets whether the rotated part of the key is normalized (<c>attn_k_norm</c>) before its rotation.</summary>
    public bool NormsRotatedKey { get; init; }

    /// <summary>Gets the gates of the result before its last projection, from the layer's input.</summary>
    public OutputGateKind Gate { get; init; }

    /// <summary>Gets whether each head has one more logit, <c>attn_sinks</c>, in the sum of its softmax.</summary>
    public bool HasSinks { get; init; }

    /// <summary>Gets the number of positions that a query attends to, its own included; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Gets the keys that rows attend to; null for all that they see.</summary>
    public KeySelection? Selection { get; init; }

    /// <summary>Gets the indexer that makes <see cref="Selection"/>; null if an earlier layer's does.</summary>
    public KeyIndexerSpec? Indexer { get; init; }

    /// <summary>Gets how the bias and the scale of the last projection go together.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Gets the length of a head's query.</summary>
    public int QueryLength => PlainLength + Rope.Dimensions;

    /// <summary>Gets the length of a position's key: the latent vector, then the rotated elements.</summary>
    public int KeyLength => Latent + Rope.Dimensions;
}
