using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Gemma 3, text, and the encoder EmbeddingGemma: norms before and after each branch and of queries and keys; five of six layers have a
/// window, and a rope base of their own.
/// </summary>
/// <param name="name">The architecture's name.</param>
/// <param name="isEncoder">Whether positions attend to later ones; such a model makes embeddings only.</param>
internal sealed class Gemma3(string name, bool isEncoder = false) : Architecture
{
    private const int LayersOf27B = 62;

    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
            HasLogits = !isEncoder,
            TextHeads = TextHeadKeys.WithProjection(keys),
            LogitCap = keys.NotNegativeSingle("final_logit_softcapping", 0),
        };
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        full = isEncoder ? full.ForEncoder() with { Scale = 1 / MathF.Sqrt(full.KeyLength) }
            : keys.LayerCount == LayersOf27B ? full with { Scale = 1 / MathF.Sqrt(decoder.Hidden / full.Heads) } : full;

        // The scaling of long contexts is that of the layers that see all positions.
        AttentionSpec windowed = full with
        {
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000), FrequencyScale = 1 },
        };
        int window = keys.NotNegative("attention.sliding_window", 0);
        windowed = isEncoder ? windowed.WithSymmetricWindow(window) : windowed with { Window = window };
        bool[] hasWindow = window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 6);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.Sandwich(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu) { BiasOrder = BiasOrder.NoScale }));
    }
}
