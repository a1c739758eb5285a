using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>Ling 1 and 2, which their classes call Bailing.</summary>
internal static class LingFamilies
{
    private static readonly NameRule[] Names =
    [
        .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Experts, .. CommonNames.SharedExperts,
        new("model.word_embeddings", "token_embd"),
        new("model.layers.*.attention.dense", "blk.*.attn_output"),
    ];

    private static readonly Dictionary<string, double> Defaults = new() { ["first_k_dense_replace"] = 0, ["num_shared_experts"] = 0 };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["BailingMoeForCausalLM"],
            Architecture = "bailingmoe",
            Names =
            [
                .. Names,
                new(
                    "model.layers.*.attention.query_key_value", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v",
                    RowChange.SplitPermuted),
            ],
            Defaults = Defaults,
            Keys = AddLing1Keys,
        },
        new()
        {
            Classes = ["BailingMoeV2ForCausalLM"],
            Architecture = "bailingmoe2",
            Names =
            [
                .. Names, .. CommonNames.FeedForward,
                new("model.layers.*.attention.query_key_value", "blk.*.attn_qkv"),
                new("model.layers.*.attention.query_layernorm", "blk.*.attn_q_norm"),
                new("model.layers.*.attention.key_layernorm", "blk.*.attn_k_norm"),
                new("model.layers.*.mlp.gate.expert_bias", "blk.*.exp_probs_b.bias"),
                new("model.layers.*.eh_proj", "blk.*.nextn.eh_proj"),
                new("model.layers.*.enorm", "blk.*.nextn.enorm"),
                new("model.layers.*.hnorm", "blk.*.nextn.hnorm"),
                new("model.layers.*.final_layernorm", "blk.*.layer_output_norm"),
            ],
            Defaults = Defaults,
            PredictingLayers = static config => config.FindCount("num_nextn_predict_layers") ?? 0,
            Keys = AddLing2Keys,
        },
    ];

    private static void AddLing1Keys(ModelConfig config, KeyList keys)
    {
        if (config.Find("norm_head").GetFlag(false))
        {
            throw new UnsupportedModelException($"{config.File}: norm_head is true; models without a norm of the head can be converted");
        }

        AddKeys(config, keys, config.HeadSize, scale: 1);
    }

    private static void AddLing2Keys(ModelConfig config, KeyList keys)
    {
        AddKeys(config, keys, (int)(config.HeadSize * config.GetRotaryShare(0.5)), config.GetNumber("routed_scaling_factor"));
        keys.Set(
            "expert_shared_feed_forward_length",
            (uint)(config.FindCount("moe_shared_expert_intermediate_size")
                ?? (config.GetCount("moe_intermediate_size") * config.GetCount("num_shared_experts"))));
        ModelKeys.AddCount(keys, config, "nextn_predict_layers", "num_nextn_predict_layers");
    }

    private static void AddKeys(ModelConfig config, KeyList keys, int rotation, double scale)
    {
        keys.Set("rope.dimension_count", (uint)rotation);
        keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
        keys.Set("expert_weights_scale", (float)scale);
        keys.Set("expert_shared_count", (uint)config.GetCount("num_shared_experts"));
        keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(false));
    }
}
