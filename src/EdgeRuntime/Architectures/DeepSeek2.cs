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
        // Of the models whose files do not name the gating, GLM 4.7 Flash has sigmoids.
        bool isGlm = keys.LayerCount is 47 or 48 && keys.Vocabulary == 154880;
        ExpertSpec? experts = ReadExperts(keys, isGlm ? ExpertGating.Sigmoid : ExpertGating.Softmax, BiasOrder.NoScale);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            absorbed
                ? new LatentAttention(layer, decoder.Hidden, attention)
                : new ExpandedLatentAttention(layer, decoder.Hidden, attention), // files from before the split of attn_kv_b
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    /// <summary>Reads the experts, a shared one included, or null where the model has none.</summary>
    /// <param name="keys">The model's metadata.</param>
    /// <param name="gating">The gating of a file that does not name one.</param>
    /// <param name="order">How the biases and scales of matrices go together.</param>
    public static ExpertSpec? ReadExperts(ArchitectureKeys keys, ExpertGating gating, BiasOrder order)
    {
        if (keys.Experts("expert_feed_forward_length") is not { } experts)
        {
            return null;
        }

        int shared = keys.NotNegative("expert_shared_count", 0);
        keys.RequireWidth("expert_shared_count", experts.Width, shared);
        return experts with
        {
            Gating = keys.Gating(gating),
            Normalizes = keys.Flag("expert_weights_norm", false),
            SharedWidth = experts.Width * shared,
            BiasOrder = order,
            SharedBiasOrder = order,
        };
    }
}
