using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Falcon 7B and 40B: attention and feed-forward side by side; the larger one has a norm of its own for attention.</summary>
internal sealed class Falcon : Architecture
{
    public override string Name => "falcon";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        {
            Norm norm = decoder.Norm($"{layer}.attn_norm");
            Norm attentionNorm = keys.Source.Has($"{layer}.attn_norm_2.weight") ? decoder.Norm($"{layer}.attn_norm_2") : norm;
            return
            [
                new ParallelResidual(
                    attentionNorm, new Attention(layer, decoder.Hidden, attention),
                    norm, new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }),
            ];
        });
    }
}
