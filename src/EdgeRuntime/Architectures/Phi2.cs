using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Phi 1, 1.5 and 2: attention and feed-forward read the same norm side by side; the rope turns a part of each head.</summary>
internal sealed class Phi2 : Architecture
{
    public override string Name => "phi2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.Parallel(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}
