using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>OLMo 1: llama's layers, with layer norms that have no weights.</summary>
internal sealed class Olmo : Architecture
{
    public override string Name => "olmo";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { OutputNorm = null };
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with { Clamp = keys.NotNegativeSingle("attention.clamp_kqv", 0) };
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm(), new Attention(layer, decoder.Hidden, attention)),
            new Residual(
                decoder.Norm(), new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }),
        ]);
    }
}
