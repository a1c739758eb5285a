using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// AFMoE (Trinity): norms before and after each branch, gates of attention, a window in three of four layers, and experts behind a few
/// dense layers. Every fourth layer has no rope.
/// </summary>
internal sealed class Afmoe : Architecture
{
    private const int RopePeriod = 4;

    public override string Name => "afmoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
        };
        AttentionSpec full = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Gate = OutputGateKind.Sigmoid,
        };
        AttentionSpec windowed = full with
        {
            Window = keys.NotNegative("attention.sliding_window", 0),
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", full.Rope.Base) },
        };
        bool[] hasWindow = windowed.Window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 4);
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), ExpertGating.Sigmoid);
        experts = experts with { SharedWidth = keys.SharedWidths(experts.Width) };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        return decoder.Build((index, layer) =>
        {
            AttentionSpec attention = hasWindow[index] ? windowed : full;
            attention = (index + 1) % RopePeriod == 0 ? attention with { Rope = null } : attention;
            return decoder.Sandwich(
                layer,
                new Attention(layer, decoder.Hidden, attention),
                keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale));
        });
    }
}
