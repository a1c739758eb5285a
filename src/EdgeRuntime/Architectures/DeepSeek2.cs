using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// DeepSeek V2 and V3, GigaChat 3, Kanana 2, GLM 4.7 Flash, Mistral Large 3: latent attention, then experts behind a few dense layers.
/// </summary>
/// <param name="name">The value of <c>general.architecture</c>.</param>
internal sealed class DeepSeek2(string name) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        bool absorbed = keys.NotNegative("attention.key_length_mla", 0) != 0;
        LatentAttentionSpec attention = absorbed
            ? LatentKeys.Read(keys, "attention.key_length_mla", "attention.value_length_mla", RopePairing.Norm)
            : LatentKeys.Read(keys, "attention.key_length", "attention.value_length", RopePairing.Norm);
        attention = attention with { Temperature = LatentKeys.Temperature(keys) };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            absorbed
                ? new LatentAttention(layer, decoder.Hidden, attention)
                : new ExpandedLatentAttention(layer, decoder.Hidden, attention), // files from before the split of attn_kv_b
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    private static ExpertSpec? ReadExperts(ArchitectureKeys keys)
    {
        if (keys.Experts("expert_feed_forward_length") is not { } experts)
        {
            return null;
        }

        int shared = keys.NotNegative("expert_shared_count", 0);
        keys.RequireWidth("expert_shared_count", experts.Width, shared);
        return experts with
        {
            Gating = keys.Gating(ExpertGating.Softmax),
            Normalizes = keys.Flag("expert_weights_norm", false),
            SharedWidth = experts.Width * shared,
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
    }
}
