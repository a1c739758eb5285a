using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Command R: attention and feed-forward read the same norm side by side. Command R+ normalizes queries and keys.</summary>
internal sealed class CommandR : Architecture
{
    private const int LayersOfPlus = 64;

    public override string Name => "command-r";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { Output = "token_embd", LogitScale = keys.Factor("logit_scale") };
        bool hasNorms = keys.LayerCount >= LayersOfPlus;
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with
        {
            Norm = hasNorms ? QueryKeyNorm.OwnHeads : QueryKeyNorm.None,
            NormKind = NormKind.Layer,
            NormEpsilon = keys.LayerNormEpsilon,
        };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.Parallel(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}
