using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>PLM: expanded latent attention and a feed-forward without a gate. The embedding is the output matrix.</summary>
internal sealed class Plm : Architecture
{
    public override string Name => "plm";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        LatentAttentionSpec attention = LatentKeys.ReadWithPlainScale(keys, RopePairing.Norm);
        int width = keys.Positive("feed_forward_length");
        var decoder = new Decoder(keys, NormKind.Rms) { Output = "token_embd" };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new ExpandedLatentAttention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.ReluSquared, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}
