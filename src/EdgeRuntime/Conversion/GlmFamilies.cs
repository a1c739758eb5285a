using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>GLM 4 in its first form (ChatGLM), GLM 4 of April 2025, GLM 4.5 with experts, and Solar Open.</summary>
internal static class GlmFamilies
{
    private const string End = "<|endoftext|>";
    private const string User = "<|user|>";

    /// <summary>The special tokens of GLM 4.5 and later.</summary>
    public static readonly (string Key, string Token)[] SpecialTokens =
        [("bos", "[gMASK]"), ("eot", User), ("unknown", End), ("eom", "<|observation|>")];

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 10000 };

    private static readonly NameRule[] FusedFeedForward =
    [
        new("model.layers.*.mlp.gate_up_proj", "blk.*.ffn_up"),
        new("model.layers.*.mlp.down_proj", "blk.*.ffn_down"),
    ];

    private static readonly ModelFamily Glm4Moe = new()
    {
        Classes = ["Glm4MoeForCausalLM"],
        Architecture = "glm4moe",
        Names =
        [
            new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
            .. CommonNames.Decoder, .. CommonNames.Experts, .. CommonNames.SharedExperts, .. PredictingLayers.Names,
            new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
        ],
        Defaults = Defaults,
        PredictingLayers = PredictingLayers.Count,
        SpecialTokens = SpecialTokens,
        Keys = AddExpertKeys,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["GlmForCausalLM"],
            Architecture = "chatglm",
            Names = [.. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. FusedFeedForward],
            Defaults = Defaults,
            SpecialTokens = [("eos", End), ("eot", User), ("unknown", End)],
            Keys = AddChatGlmKeys,
        },
        new()
        {
            Classes = ["Glm4ForCausalLM"],
            Architecture = "glm4",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. FusedFeedForward,
                new("model.layers.*.post_self_attn_layernorm", "blk.*.post_attention_norm"),
                new("model.layers.*.post_mlp_layernorm", "blk.*.post_ffw_norm"),
            ],
            Defaults = Defaults,
            SpecialTokens = [("eos", End), ("eot", User), ("unknown", End), ("bos", End)],
            Keys = static (config, keys) => keys.Set("rope.dimension_count", CountRotated(config)),
        },
        Glm4Moe,
        Glm4Moe with
        {
            Classes = ["SolarOpenForCausalLM"],
            SpecialTokens = [("eos", End), ("eot", End), ("unknown", "<unk>"), ("bos", "<|startoftext|>")],
        },
    ];

    private static uint CountRotated(ModelConfig config) => (uint)(config.HeadSize * DenseFamilies.RotaryShare(config));

    /// <summary>
    /// Adds the keys of a ChatGLM. llama.cpp's converter knows only the names that the first files had for the context, the norm and the
    /// base of the rotary embedding; here those of Hugging Face's class count where the others are missing.
    /// </summary>
    private static void AddChatGlmKeys(ModelConfig config, KeyList keys)
    {
        keys.Remove("attention.key_length", "attention.value_length");
        int head = config.FindCount("attention_dim") ?? (config.HiddenSize / config.HeadCount);
        keys.Set("context_length", (uint)(config.FindCount("seq_length", "max_position_embeddings") ?? config.HiddenSize));
        keys.Set("attention.head_count_kv", (uint)config.KeyHeadCount);
        keys.Set("attention.layer_norm_rms_epsilon", (float)config.FindNumber("layernorm_epsilon", "rms_norm_eps")!.Value);
        keys.Set("rope.dimension_count", (uint)(head * DenseFamilies.RotaryShare(config)));
        keys.Set("rope.freq_base", (float)(config.GetNumber("rope_theta") * (config.FindNumber("rope_ratio") ?? 1)));
        keys.SetWhole("tokenizer.ggml.add_bos_token", false);
    }

    private static void AddExpertKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("rope.dimension_count", CountRotated(config));
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        ModelKeys.AddCount(keys, config, "expert_shared_count", "n_shared_experts");
        ModelKeys.AddCount(keys, config, "leading_dense_block_count", "first_k_dense_replace");
        keys.Set("expert_gating_func", 2u);
        if (config.FindNumber("routed_scaling_factor") is { } scale)
        {
            keys.Set("expert_weights_scale", (float)scale);
        }

        if (config.Find("norm_topk_prob").FindFlag() is { } normalizes)
        {
            keys.Set("expert_weights_norm", normalizes);
        }

        PredictingLayers.AddKey(config, keys);
    }
}
