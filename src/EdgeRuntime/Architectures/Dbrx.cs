using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>DBRX: layer norms without biases, bounded queries, keys and values, and experts in every layer.</summary>
internal sealed class Dbrx : Architecture
{
    public override string Name => "dbrx";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Clamp = keys.NotNegativeSingle("attention.clamp_kqv", 0) };
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExperts("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention)),
            new Residual(decoder.Norm($"{layer}.attn_output_norm"), new Experts(layer, decoder.Hidden, experts, Activation.Silu)),
        ]);
    }
}
