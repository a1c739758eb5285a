using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Granite 3 and 4: llama's layers, with or without experts, with scales of embedding, branches, scores and logits.</summary>
/// <param name="name">The name of the variant, which says no more than what the keys say.</param>
/// <param name="isHybrid">Whether the layers without KV heads are Mamba 2.</param>
internal sealed class Granite(string name, bool isHybrid = false) : Architecture
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
        bool hasRope = keys.Flag("rope.scaling.finetuned", true);
        int[] kvHeads = keys.KvHeads();
        Mamba2Spec? mamba = isHybrid ? keys.Mamba2(keys.RmsEpsilon) : null;
        AttentionSpec Attention(int layer)
        {
            AttentionSpec attention = keys.Attention(RopePairing.Norm, layer) with { ResidualScale = residualScale };
            return hasRope ? attention : attention with { Rope = null };
        }

        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with
        {
            SharedWidth = keys.NotNegative("expert_shared_feed_forward_length", 0),
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            mamba is not null && kvHeads[index] == 0
                ? new Modules.Mamba2(layer, decoder.Hidden, mamba) { ResidualScale = residualScale }
                : new Attention(layer, decoder.Hidden, Attention(index)),
            keys.DenseOrExperts(layer, Activation.Silu, experts, residualScale, BiasOrder.NoScale)));
    }
}
