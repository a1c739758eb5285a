using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3 VL with experts, text: Qwen 3's layers with three positions for each token, which are equal in text.</summary>
internal sealed class Qwen3VlMoe : Architecture
{
    public override string Name => "qwen3vlmoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        attention = attention with { Rope = RopeKeys.ForText(keys, attention.Rope!, interleaved: true) };
        ExpertSpec experts = keys.RequiredExpertsOrShares();
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}
