using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>BitNet b1.58: ternary weights with a scale for each matrix, and a norm before the last product of each branch.</summary>
internal sealed class BitNet : Architecture
{
    public override string Name => "bitnet";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { Output = "token_embd" };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { HasSubNorm = true, NormEpsilon = keys.RmsEpsilon };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention)),
            new Residual(decoder.Norm($"{layer}.ffn_norm"), new FeedForward(layer, decoder.Hidden, width, Activation.Silu)
            {
                SubNorm = new Norm($"{layer}.ffn_sub_norm", NormKind.Rms, keys.RmsEpsilon, width),
            }),
        ]);
    }
}
