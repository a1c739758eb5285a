using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>OLMoE: queries and keys are normalized whole, and the weights of the chosen experts keep their sum.</summary>
internal sealed class OlMoe : Architecture
{
    public override string Name => "olmoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputFallback = null };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Whole, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with { Normalizes = false, BiasOrder = BiasOrder.NoScale };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts)));
    }
}
