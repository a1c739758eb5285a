using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3 with experts: Qwen 3's attention, and experts in every layer.</summary>
internal sealed class Qwen3Moe : Architecture
{
    public override string Name => "qwen3moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        ExpertSpec? experts = keys.Experts("expert_feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts)));
    }
}
