using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>BLOOM: layer norms, one of them after the embedding, and ALiBi instead of a rope.</summary>
internal sealed class Bloom : Architecture
{
    private const float GreatestBias = 8;

    public override string Name => "bloom";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int hidden = keys.Hidden;
        var decoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = new Embedding("token_embd", hidden)
            {
                Norm = new Norm("token_embd_norm", NormKind.Layer, keys.LayerNormEpsilon, hidden),
            },
        };
        AttentionSpec attention = keys.Attention().WithAlibi(GreatestBias);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, hidden, attention),
            new FeedForward(layer, hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}
