using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>EXAONE 4.5 with experts: three of four layers have a window; the others have no rope.</summary>
internal sealed class ExaoneMoe : Architecture
{
    public override string Name => "exaone-moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        AttentionSpec windowed = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Window = keys.Positive("attention.sliding_window"),
        };
        keys.RequireWholeRope(windowed);
        AttentionSpec full = windowed with { Window = 0, Rope = null };
        bool[] hasWindow = keys.WindowLayers(period: 4);
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), fallback: null);
        experts = experts with { SharedWidth = keys.SharedWidth(experts.Width) };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }
}
