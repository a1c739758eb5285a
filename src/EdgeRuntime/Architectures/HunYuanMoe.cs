using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>HunYuan with experts: norms of queries and keys after the rope, and a shared expert in every layer.</summary>
internal sealed class HunYuanMoe : Architecture
{
    public override string Name => "hunyuan-moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormsAfterRope = true,
            NormEpsilon = keys.RmsEpsilon,
        };
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExperts("feed_forward_length");
        experts = experts with { SharedWidth = keys.SharedWidth(experts.Width) };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}
