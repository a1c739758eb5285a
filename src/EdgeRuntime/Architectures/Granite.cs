using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Granite 3 and 4: llama's layers, with or without experts, with scales of embedding, branches, scores and logits.</summary>
/// <param name="name">The name of the variant, which says no more than what the keys say.</param>
internal sealed class Granite(string name) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = keys.Factor("embedding_scale") },
            LogitScale = 1 / keys.PositiveSingle("logit_scale"),
        };
        float residualScale = keys.Factor("residual_scale");
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with { ResidualScale = residualScale };
        attention = keys.Flag("rope.scaling.finetuned", true) ? attention : attention with { Rope = null };
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with
        {
            SharedWidth = keys.NotNegative("expert_shared_feed_forward_length", 0),
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts, residualScale, BiasOrder.NoScale)));
    }
}
