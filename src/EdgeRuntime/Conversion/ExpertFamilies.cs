using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Decoders with experts: Phi 3.5 MoE, MiniMax M2, DeepSeek MoE, dots.llm1, Mellum 2, LLaDA MoE, gpt-oss, K-EXAONE, HunYuan, ERNIE 4.5.
/// </summary>
internal static class ExpertFamilies
{
    private const uint LladaMask = 156895;

    /// <summary>The token that starts a text; the configuration names another one by mistake.</summary>
    private const uint HunYuanStart = 127959;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    private static readonly NameRule[] ExpertNames = [.. CommonNames.Decoder, .. CommonNames.Experts];

    private static readonly NameRule[] GptOss =
    [
        .. CommonNames.Ends, .. CommonNames.Attention,
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
        new("model.layers.*.self_attn.sinks", "blk.*.attn_sinks"),
        new("model.layers.*.mlp.router", "blk.*.ffn_gate_inp"),
        new("model.layers.*.mlp.experts.gate_up_proj", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.DealTransposed),
        new("model.layers.*.mlp.experts.gate_up_proj_bias", "blk.*.ffn_gate_exps.bias|blk.*.ffn_up_exps.bias", RowChange.Deal),
        new("model.layers.*.mlp.experts.gate_up_proj_blocks", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.DealBlocks),
        new("model.layers.*.mlp.experts.down_proj", "blk.*.ffn_down_exps", RowChange.Transpose),
        new("model.layers.*.mlp.experts.down_proj_bias", "blk.*.ffn_down_exps.bias"),
        new("model.layers.*.mlp.experts.down_proj_blocks", "blk.*.ffn_down_exps", RowChange.DealBlocks),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["PhiMoEForCausalLM"],
            Architecture = "phimoe",
            Names = [.. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.SparseExperts],
            Defaults = new Dictionary<string, double>
            {
                ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 1e6, ["original_max_position_embeddings"] = 4096,
            },
            Keys = DecoderFamilies.AddPhi3Keys,
            Computed = static config => RopeFactors.OfLongRope(config, DecoderFamilies.GetPhi3Rotation(config)),
        },
        new()
        {
            Classes = ["MiniMaxM2ForCausalLM"],
            Architecture = "minimax-m2",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.SparseExperts,
                new("model.layers.*.block_sparse_moe.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "intermediate_size");
                ModelKeys.AddCount(keys, config, "rope.dimension_count", "rotary_dim");
            },
        },
        new()
        {
            Classes = ["DeepseekForCausalLM"],
            Architecture = "deepseek",
            Names = [.. CommonNames.PermutedDecoder, .. CommonNames.Experts, .. CommonNames.SharedExperts],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("rope.dimension_count", (uint)config.HeadSize);
                keys.Set("rope.scaling.type", "none");
                keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
                keys.Set("expert_weights_scale", 1f);
                keys.Set("expert_shared_count", (uint)config.GetCount("n_shared_experts"));
            },
        },
        new()
        {
            Classes = ["Dots1ForCausalLM"],
            Architecture = "dots1",
            Names =
            [
                .. ExpertNames, .. CommonNames.SharedExperts,
                new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
                keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
                keys.Set("expert_shared_count", (uint)config.GetCount("n_shared_experts"));
                keys.Set("expert_weights_scale", (float)(config.FindNumber("routed_scaling_factor") ?? 1));
                keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(false));
            },
        },
        new()
        {
            Classes = ["MellumForCausalLM"],
            Architecture = "mellum",
            Names = ExpertNames,
            Defaults = Defaults,
            Keys = AddMellumKeys,
        },
        new()
        {
            Classes = ["LLaDAMoEModel", "LLaDAMoEModelLM"],
            Architecture = "llada-moe",
            Names = ExpertNames,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "expert_intermediate_size");
                keys.SetWhole("tokenizer.ggml.mask_token_id", LladaMask);
                keys.Set("attention.causal", false);
                keys.SetWhole("diffusion.shift_logits", false);
            },
        },
        new()
        {
            Classes = ["GptOssForCausalLM"],
            Architecture = "gpt-oss",
            Names = GptOss,
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 150000 },
            Keys = static (config, keys) =>
            {
                keys.Set("attention.sliding_window", (uint)config.GetCount("sliding_window"));
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("intermediate_size"));
            },
        },
        new()
        {
            Classes = ["ExaoneMoEForCausalLM", "ExaoneMoeForCausalLM"],
            Architecture = "exaone-moe",
            Names =
            [
                .. ExpertNames, .. CommonNames.SharedExperts, .. PredictingLayers.Names,
                new("model.layers.*.mlp.e_score_correction", "blk.*.exp_probs_b"),
                new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            Rename = DeltaNetFamilies.RenameAhead,
            PredictingLayers = DeltaNetFamilies.CountAhead,
            Keys = AddExaoneKeys,
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 16),
        },
        new()
        {
            Classes = ["HunYuanMoEV1ForCausalLM"],
            Architecture = "hunyuan-moe",
            Names =
            [
                new("model.layers.*.mlp.gate.wg", "blk.*.ffn_gate_inp"), .. ExpertNames,
                new("model.layers.*.self_attn.query_layernorm", "blk.*.attn_q_norm"),
                new("model.layers.*.self_attn.key_layernorm", "blk.*.attn_k_norm"),
                new("model.layers.*.mlp.shared_mlp.gate_proj", "blk.*.ffn_gate_shexp"),
                new("model.layers.*.mlp.shared_mlp.up_proj", "blk.*.ffn_up_shexp"),
                new("model.layers.*.mlp.shared_mlp.down_proj", "blk.*.ffn_down_shexp"),
            ],
            Defaults = Defaults,
            Rename = static (config, name) =>
                name == "lm_head.weight" && config.Find("tie_word_embeddings").GetFlag(false) ? null : name,
            Keys = static (config, keys) =>
            {
                DenseFamilies.AddHunYuanKeys(config, keys, defaultAlpha: 1000);
                keys.Set("expert_shared_feed_forward_length", (uint)config.GetCount("intermediate_size"));
                keys.Set("expert_feed_forward_length", (uint)GetOfAllLayers(config, "moe_intermediate_size"));
                keys.Set("expert_used_count", (uint)GetOfAllLayers(config, "moe_topk"));
                keys.Set("expert_shared_count", (uint)GetOfAllLayers(config, "num_shared_expert"));
            },
            FinalKeys = static (config, keys) =>
            {
                if (config.VocabularySize > HunYuanStart)
                {
                    keys.SetWhole("tokenizer.ggml.bos_token_id", HunYuanStart);
                }
            },
        },
        new()
        {
            Classes = ["Ernie4_5_MoeForCausalLM"],
            Architecture = "ernie4_5-moe",
            Names =
            [
                .. ExpertNames, .. CommonNames.SharedExperts,
                new("model.layers.*.mlp.moe_statics.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            WritesSpacePrefix = true,
            Unused = ["model.mtp_"],
            Keys = AddErnieKeys,
        },
    ];

    private static void AddExaoneKeys(ModelConfig config, KeyList keys)
    {
        DenseFamilies.AddExaone4Keys(config, keys);
        int width = config.GetCount("moe_intermediate_size");
        int shared = config.GetCount("num_shared_experts");
        keys.Set("expert_feed_forward_length", (uint)width);
        keys.Set("expert_shared_count", (uint)shared);
        keys.Set("expert_shared_feed_forward_length", checked((uint)((long)width * shared)));
        keys.Set("expert_weights_scale", (float)config.GetNumber("routed_scaling_factor"));
        keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(false));
        keys.Set("leading_dense_block_count", (uint)(config.FindCount("first_k_dense_replace", "first_last_k_dense_replace") ?? 0));
        keys.Set("nextn_predict_layers", (uint)(config.BlockCount - config.LayerCount));
        keys.Set("rope.scaling.type", "none");
    }

    /// <summary>Gets a number that the configuration has once, or once for each layer.</summary>
    private static int GetOfAllLayers(ModelConfig config, string key)
    {
        JsonField field = config.Find(key);
        int[] counts = field.Kind == JsonValueKind.Array
            ? [.. field.Elements().Select(static count => count.GetCount(int.MaxValue)).Distinct()]
            : [config.GetCount(key)];
        return counts.Length == 1 ? counts[0] : throw field.Wrong("the same number for all layers");
    }

    private static void AddErnieKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("expert_count", (uint)config.GetCount("moe_num_experts"));
        keys.Set("expert_used_count", (uint)config.GetCount("moe_k"));
        keys.Set("interleave_moe_layer_step", (uint)config.GetCount("moe_layer_interval"));
        keys.Set("leading_dense_block_count", (uint)config.GetCount("moe_layer_start_index"));
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        if (config.FindCount("moe_num_shared_experts") is not { } shared)
        {
            return;
        }

        keys.Set("expert_shared_count", (uint)shared);
        if (shared > 0)
        {
            // llama.cpp's converter divides by the number of key heads; in the published models it equals the ratio of the two widths.
            int width = config.GetCount("intermediate_size") / config.GetPositiveCount("num_key_value_heads");
            keys.Set("expert_shared_feed_forward_length", (uint)width);
        }
    }

    private static void AddMellumKeys(ModelConfig config, KeyList keys)
    {
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        if (config.Find("use_sliding_window").GetFlag(true) && config.FindCount("sliding_window") is { } window)
        {
            keys.Set("attention.sliding_window", (uint)window);
            keys.Set("attention.sliding_window_pattern", config.GetWindowLayers());
        }
    }
}
