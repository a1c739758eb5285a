using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>MiniMax M2: queries and keys are normalized whole, and the rope turns a part of each head.</summary>
internal sealed class MiniMaxM2 : Architecture
{
    public override string Name => "minimax-m2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Whole, NormEpsilon = keys.RmsEpsilon };
        ExpertSpec experts = keys.RequiredExperts("feed_forward_length") with { Gating = keys.Gating(fallback: null) };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}
