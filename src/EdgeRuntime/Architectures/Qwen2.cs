using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 2 and 2.5, dense: llama's layers with halves that rotate together and biases of queries, keys and values.</summary>
internal sealed class Qwen2 : Architecture
{
    public override string Name => "qwen2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
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
