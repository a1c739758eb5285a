using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 1.5 and 2 with experts: a shared expert with a gate of its own, and weights of experts that keep their sum.</summary>
internal sealed class Qwen2Moe : Architecture
{
    public override string Name => "qwen2moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExpertsOrShares() with
        {
            Normalizes = false,
            SharedWidth = keys.SharedWidth(keys.Positive("feed_forward_length")),
        };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}
