using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>ERNIE 4.5 with experts behind a few dense layers.</summary>
internal sealed class Ernie45Moe : Architecture
{
    public override string Name => "ernie4_5-moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExperts() with { SharedWidth = keys.SharedWidth(fallback: 0) };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        keys.RequireOne("interleave_moe_layer_step", "layers without experts between others");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(
                layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }
}
