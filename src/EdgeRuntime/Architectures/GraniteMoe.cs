using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Granite 3 with experts: llama's layers with scales of embedding, branches, scores and logits.</summary>
internal sealed class GraniteMoe : Architecture
{
    public override string Name => "granitemoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = keys.Factor("embedding_scale") },
            LogitScale = 1 / keys.PositiveSingle("logit_scale"),
        };
        float residualScale = keys.Factor("residual_scale");
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with { ResidualScale = residualScale };
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with
        {
            SharedWidth = keys.NotNegative("expert_shared_feed_forward_length", 0),
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention)),
            new Residual(decoder.Norm($"{layer}.ffn_norm"), keys.DenseOrExperts(layer, Activation.Silu, experts, residualScale, BiasOrder.NoScale)),
        ]);
    }
}
