using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>StarCoder 2: layer norms, biases everywhere, no gate.</summary>
internal sealed class StarCoder2 : Architecture
{
    public override string Name => "starcoder2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}
