using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>InternLM 2 and 2.5: llama's layers.</summary>
internal sealed class InternLm2 : Architecture
{
    public override string Name => "internlm2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention)),
            new Residual(
                decoder.Norm($"{layer}.ffn_norm"),
                new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }),
        ]);
    }
}
