using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Laguna: heads by layer, softplus gates of attention, and experts behind a few dense layers. Three of four layers may have a window, with
/// an unscaled rope of their own.
/// </summary>
internal sealed class Laguna : Architecture
{
    public override string Name => "laguna";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        int window = keys.NotNegative("attention.sliding_window", 0);
        bool[] hasWindow = window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 4, fullFirst: true);
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), ExpertGating.Sigmoid);
        experts = experts with { SharedWidth = keys.SharedWidth(keys.SharedWidths(experts.Width, fallback: 1)) };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, ReadAttention(keys, index, hasWindow[index] ? window : 0)),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    private static AttentionSpec ReadAttention(ArchitectureKeys keys, int layer, int window)
    {
        AttentionSpec attention = keys.Attention(RopePairing.Neox, layer) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Gate = OutputGateKind.Softplus,
            Window = window,
        };
        RopeSpec rope = attention.Rope!;
        return window == 0 ? attention : attention with
        {
            Rope = RopeKeys.ForWindow(keys, attention.KeyLength, rope) with
            {
                Base = keys.PositiveSingle("rope.freq_base_swa", rope.Base),
                FrequencyScale = 1,
                ExtrapolationFactor = 0,
                Magnitude = 1,
            },
        };
    }
}
