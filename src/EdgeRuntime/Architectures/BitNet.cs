using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>BitNet b1.58: ternary weights with a scale for each matrix, and a norm before the last product of each branch.</summary>
/// <param name="name">The name of the variant: llama.cpp writes <c>bitnet</c>, bitnet.cpp <c>bitnet-b1.58</c> and <c>bitnet-25</c>.</param>
/// <param name="activation">The function of the gate.</param>
internal sealed class BitNet(string name, Activation activation) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { Output = "token_embd" };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { HasSubNorm = true, NormEpsilon = keys.RmsEpsilon };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, activation)
            {
                SubNorm = new Norm($"{layer}.ffn_sub_norm", NormKind.Rms, keys.RmsEpsilon, width),
            }));
    }
}
