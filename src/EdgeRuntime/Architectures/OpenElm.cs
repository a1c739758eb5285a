using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>OpenELM: norms of queries and keys; the numbers of heads and the widths of feed-forwards differ by layer.</summary>
internal sealed class OpenElm : Architecture
{
    public override string Name => "openelm";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { Output = "token_embd" };
        int[] widths = keys.PerLayer("feed_forward_length");
        return decoder.Build((index, layer) =>
        {
            AttentionSpec attention = keys.Attention(RopePairing.Neox, index) with
            {
                Norm = QueryKeyNorm.Heads,
                NormEpsilon = keys.RmsEpsilon,
                InputBiasOrder = BiasOrder.NoScale,
            };
            return decoder.PreNorm(
                layer,
                new Attention(layer, decoder.Hidden, attention),
                new FeedForward(layer, decoder.Hidden, widths[index], Activation.Silu) { BiasOrder = BiasOrder.NoScale });
        });
    }
}
