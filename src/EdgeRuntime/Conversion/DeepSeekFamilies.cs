using System;
using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>DeepSeek V2 and V3, whose attention works on latents, and models that continue their class: Youtu, GLM 4.7 Flash.</summary>
internal static class DeepSeekFamilies
{
    /// <summary>What readers of this architecture expect the multiplier to be scaled by already.</summary>
    private const double LogMultiplierShare = 0.1;

    private static readonly ModelFamily DeepSeek = new()
    {
        Classes = ["DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "YoutuForCausalLM"],
        Architecture = "deepseek2",
        Names =
        [
            .. CommonNames.Decoder, .. LowRankFamilies.Attention, .. CommonNames.Experts, .. CommonNames.SharedExperts,
            .. PredictingLayers.Names,
            new("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_k_b|blk.*.attn_v_b", RowChange.SplitLatent),
            new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
        ],
        Defaults = new Dictionary<string, double>
        {
            ["rms_norm_eps"] = 1e-6,
            ["rope_theta"] = 10000,
            ["kv_lora_rank"] = 512,
        },
        Rename = FindName,
        Keys = AddKeys,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        DeepSeek,
        DeepSeek with
        {
            Classes = ["Glm4MoeLiteForCausalLM"],
            PredictingLayers = PredictingLayers.Count,
            SpecialTokens = GlmFamilies.SpecialTokens,
            Keys = static (config, keys) =>
            {
                AddKeys(config, keys);
                if (config.BlockCount > config.LayerCount)
                {
                    PredictingLayers.AddKey(config, keys);
                }
            },
        },
    ];

    /// <summary>Drops a head that is the embedding, too, and layers that predict ahead where the family does not keep them.</summary>
    private static string? FindName(ModelConfig config, string name) =>
        (name.StartsWith("lm_head.", StringComparison.Ordinal) && config.Find("tie_word_embeddings").GetFlag(false))
            || (config.BlockCount == config.LayerCount && PredictingLayers.IsAhead(config, name))
            ? null
            : name;

    private static void AddKeys(ModelConfig config, KeyList keys)
    {
        int rank = config.GetPositiveCount("kv_lora_rank");
        int rotated = config.GetPositiveCount("qk_rope_head_dim");
        bool hasExperts = config.ExpertCount > 0;
        keys.Set("attention.head_count_kv", 1u); // all heads share the latent
        keys.Set("leading_dense_block_count", (uint)(config.FindCount("first_k_dense_replace") ?? (hasExperts ? 0 : config.LayerCount)));
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        ModelKeys.AddCount(keys, config, "attention.q_lora_rank", "q_lora_rank");
        keys.Set("attention.kv_lora_rank", (uint)rank);
        keys.Set("attention.key_length", (uint)(rank + rotated));
        keys.Set("attention.value_length", (uint)rank);
        keys.Set("attention.key_length_mla", (uint)(config.GetCount("qk_nope_head_dim") + rotated));
        keys.Set("attention.value_length_mla", (uint)config.GetCount("v_head_dim"));
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size", "intermediate_size");
        keys.Set("expert_shared_count", (uint)(config.FindCount("n_shared_experts") ?? 0));
        if (config.FindNumber("routed_scaling_factor") is { } scale)
        {
            keys.Set("expert_weights_scale", (float)scale);
        }

        if (config.Find("norm_topk_prob").GetFlag(false))
        {
            keys.Set("expert_weights_norm", true);
        }

        keys.Set("rope.dimension_count", (uint)rotated);
        if (config.Rope["mscale_all_dim"] is { Exists: true } multiplier)
        {
            keys.Set("rope.scaling.yarn_log_multiplier", (float)(LogMultiplierShare * multiplier.GetNumber()));
        }
    }
}
