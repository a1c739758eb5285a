using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>GLM 4.5: experts behind a few dense layers, and norms of queries and keys where the file has them.</summary>
internal sealed class Glm4Moe : Architecture
{
    public override string Name => "glm4moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        AttentionSpec spec = keys.Attention(RopePairing.Neox) with { NormEpsilon = keys.RmsEpsilon };
        bool hasSections = keys.Has("rope.dimension_sections") && keys.Counts("rope.dimension_sections", 4, "positions of a token")[0] > 0;
        spec = hasSections ? spec with { Rope = RopeKeys.ForText(keys, spec.Rope!, interleaved: false) } : spec;
        ExpertSpec experts = keys.Weighed(keys.RequiredExpertsOrShares(), ExpertGating.Sigmoid);
        experts = experts with { SharedWidth = keys.SharedWidths(experts.Width) };
        return decoder.Build((_, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, spec with { Norm = keys.HeadNorm(layer) })),
            new Residual(
                decoder.Norm($"{layer}.post_attention_norm"),
                keys.DenseOrExperts(layer, Activation.Silu, keys.HasRouter(layer) ? experts : null, order: BiasOrder.NoScale)),
        ]);
    }
}
