using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// StableLM: layer norms, gates, and a rope that turns a part of each head. The 12B model has norms of each head of queries and keys, and
/// attention and feed-forward side by side.
/// </summary>
internal sealed class StableLm : Architecture
{
    public override string Name => "stablelm";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { OutputFallback = null };
        AttentionSpec plain = keys.Attention(RopePairing.Neox);
        AttentionSpec normed = plain with { Norm = QueryKeyNorm.OwnHeads, NormKind = NormKind.Layer, NormEpsilon = keys.LayerNormEpsilon };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        {
            bool hasNorms = keys.Source.Has($"{layer}.attn_q_norm.weight");
            var attention = new Attention(layer, decoder.Hidden, hasNorms ? normed : plain);
            var feedForward = new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale };
            return keys.Source.Has($"{layer}.ffn_norm.weight")
                ? decoder.PreNorm(layer, attention, feedForward)
                : decoder.Parallel(layer, attention, feedForward);
        });
    }
}
