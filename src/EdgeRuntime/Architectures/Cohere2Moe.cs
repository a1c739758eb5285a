using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Cohere 2 with experts: attention and feed-forward side by side, the mean of routed and shared experts, and a window in three of four
/// layers; the others have no rope unless they are among the leading dense layers.
/// </summary>
internal sealed class Cohere2Moe : Architecture
{
    public override string Name => "cohere2moe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        // A file of the test generator has both keys and 0 for the norm that the model lacks.
        bool isRms = keys.FiniteSingle("attention.layer_norm_rms_epsilon", 0) != 0;
        var decoder = new Decoder(keys, isRms ? NormKind.Rms : NormKind.Layer)
        {
            LogitScale = keys.Factor("logit_scale"),
            IsNotRun = keys.IsOfPredictingLayer,
        };
        AttentionSpec windowed = keys.Attention(RopePairing.Norm) with { Window = keys.Positive("attention.sliding_window") };
        keys.RequireWholeRope(windowed);
        AttentionSpec full = windowed with { Window = 0 };
        AttentionSpec plain = full with { Rope = null };
        bool[] hasWindow = keys.WindowLayers(period: 4, fullFirst: true);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        ExpertSpec experts = ReadExperts(keys);
        return decoder.Build((index, layer) => decoder.Parallel(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : index < dense ? full : plain),
            index < dense
                ? keys.DenseOrExperts(layer, Activation.Silu, experts: null)
                : new Experts(layer, decoder.Hidden, experts, Activation.Silu) { ResidualScale = experts.SharedWidth == 0 ? 1 : 0.5f }));
    }

    private static ExpertSpec ReadExperts(ArchitectureKeys keys)
    {
        bool hasWidth = keys.NotNegative(ArchitectureKeys.ExpertWidth, 0) > 0;
        ExpertSpec experts = keys.Weighed(
            keys.RequiredExperts(hasWidth ? ArchitectureKeys.ExpertWidth : "feed_forward_length"), ExpertGating.Sigmoid);
        int shared = keys.SharedWidths(experts.Width);
        return experts with
        {
            SharedWidth = shared == 0 ? 0 : keys.SharedWidth(shared),
            BiasOrder = BiasOrder.AfterScale,
            SharedBiasOrder = BiasOrder.BeforeScale,
        };
    }
}
