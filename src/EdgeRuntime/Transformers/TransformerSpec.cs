using System;
using EdgeRuntime.State;

namespace EdgeRuntime.Transformers;

/// <summary>
/// A transformer as data: everything that the forward pass needs to know of a model besides its weights.
/// </summary>
internal sealed record TransformerSpec
{
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    public required int Heads { get; init; }

    /// <summary>Divides <see cref="Heads"/>; each KV head serves Heads / KvHeads query heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Elements of a key (and query) head.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Elements of a value head.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Width inside the feed-forward block.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    public required float NormEpsilon { get; init; }

    public required RopeSpec Rope { get; init; }

    /// <summary>Factor of q . k before the softmax.</summary>
    public required float AttentionScale { get; init; }

    public int QueryWidth => Heads * KeyLength;

    public int KeyWidth => KvHeads * KeyLength;

    public int ValueWidth => KvHeads * ValueLength;

    /// <summary>Width of the attention's output, before its projection.</summary>
    public int AttentionWidth => Heads * ValueLength;

    /// <summary>What each layer keeps of a position.</summary>
    public KvGeometry[] KvLayers(KvTypes types)
    {
        KvGeometry[] layers = new KvGeometry[Layers];
        Array.Fill(layers, new KvGeometry
        {
            KvHeads = KvHeads,
            KeyLength = KeyLength,
            ValueLength = ValueLength,
            KeyType = types.KeyTensorType,
            ValueType = types.ValueTensorType,
        });
        return layers;
    }
}
