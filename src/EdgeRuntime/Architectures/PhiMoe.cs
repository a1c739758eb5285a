using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Phi 3.5 with experts: norms with biases, and experts in every layer.</summary>
internal sealed class PhiMoe : Architecture
{
    public override string Name => "phimoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExperts("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}
