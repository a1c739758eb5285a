using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Granite with windows: Granite's scales, sinks in every layer, windows and layers without positions by the file's patterns.
/// </summary>
internal sealed class GraniteSwa : Architecture
{
    public override string Name => "granite_swa";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = keys.Factor("embedding_scale") },
            LogitScale = 1 / keys.PositiveSingle("logit_scale"),
        };
        float residualScale = keys.Factor("residual_scale");
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with { ResidualScale = residualScale, MayHaveSinks = true };
        keys.RequireWholeRope(attention);
        int window = keys.Positive("attention.sliding_window");
        bool[] hasWindow = keys.WindowLayers(period: null);
        bool[] hasRope = keys.Layers("attention.rope_pattern");
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with
        {
            SharedWidth = keys.NotNegative("expert_shared_feed_forward_length", 0),
            SharedHasFusedGate = true,
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention with
            {
                Window = hasWindow[index] ? window : 0,
                Rope = hasRope[index] ? attention.Rope : null,
            }),
            keys.DenseOrExperts(layer, Activation.Silu, experts, residualScale, BiasOrder.NoScale)));
    }
}
