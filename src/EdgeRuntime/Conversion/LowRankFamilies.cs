using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders whose attention works on projections of low rank: MiniCPM 3, Kimi Linear.</summary>
internal static class LowRankFamilies
{
    /// <summary>The projections of low rank.</summary>
    public static readonly NameRule[] Attention =
    [
        new("model.layers.*.self_attn.q_a_proj", "blk.*.attn_q_a"),
        new("model.layers.*.self_attn.q_a_layernorm", "blk.*.attn_q_a_norm"),
        new("model.layers.*.self_attn.q_b_proj", "blk.*.attn_q_b"),
        new("model.layers.*.self_attn.kv_a_proj_with_mqa", "blk.*.attn_kv_a_mqa"),
        new("model.layers.*.self_attn.kv_a_layernorm", "blk.*.attn_kv_a_norm"),
    ];

    private static readonly NameRule[] KimiNames =
    [
        new("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_k_b|blk.*.attn_v_b", RowChange.SplitLatent),
        new("model.layers.*.self_attn.q_conv1d", "blk.*.ssm_conv1d_q", RowChange.Convolution),
        new("model.layers.*.self_attn.k_conv1d", "blk.*.ssm_conv1d_k", RowChange.Convolution),
        new("model.layers.*.self_attn.v_conv1d", "blk.*.ssm_conv1d_v", RowChange.Convolution),
        new("model.layers.*.self_attn.A_log", "blk.*.ssm_a.", RowChange.NegateExponential),
        new("model.layers.*.self_attn.dt_bias", "blk.*.ssm_dt.bias"),
        new("model.layers.*.self_attn.f_a_proj", "blk.*.ssm_f_a"),
        new("model.layers.*.self_attn.f_b_proj", "blk.*.ssm_f_b"),
        new("model.layers.*.self_attn.g_a_proj", "blk.*.ssm_g_a"),
        new("model.layers.*.self_attn.g_b_proj", "blk.*.ssm_g_b"),
        new("model.layers.*.self_attn.b_proj", "blk.*.ssm_beta"),
        new("model.layers.*.self_attn.o_norm", "blk.*.ssm_norm"),
        new("model.layers.*.block_sparse_moe.gate.e_score_correction", "blk.*.exp_probs_b"),
        new("model.layers.*.block_sparse_moe.shared_experts.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.block_sparse_moe.shared_experts.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.block_sparse_moe.shared_experts.down_proj", "blk.*.ffn_down_shexp"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["MiniCPM3ForCausalLM"],
            Architecture = "minicpm3",
            Names =
            [
                .. CommonNames.Decoder, .. Attention,
                new("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_kv_b"),
            ],
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6 },
            Keys = static (config, keys) =>
            {
                keys.Remove(DecoderFamilies.RopeKeys);
                keys.Remove("rope.scaling.type");
                int rotation = config.GetCount("qk_rope_head_dim");
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                ModelKeys.AddCount(keys, config, "attention.q_lora_rank", "q_lora_rank");
                keys.Set("attention.kv_lora_rank", (uint)config.GetCount("kv_lora_rank"));
                keys.Set("attention.key_length", (uint)(config.GetCount("qk_nope_head_dim") + rotation));
                keys.Set("rope.dimension_count", (uint)rotation);
            },
            Computed = static config => RopeFactors.OfLongRope(config, config.GetCount("qk_rope_head_dim")),
        },
        new()
        {
            Classes = ["KimiLinearForCausalLM", "KimiLinearModel"],
            Architecture = "kimi-linear",
            Names = [.. KimiNames, .. Attention, .. CommonNames.Decoder, .. CommonNames.SparseExperts],
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 },
            Keys = AddKimiKeys,
        },
    ];

    private static void AddKimiKeys(ModelConfig config, KeyList keys)
    {
        JsonField linear = config.Find("linear_attn_config");
        int[] full = [.. linear["full_attn_layers"].Elements().Select(static layer => layer.GetCount(int.MaxValue))];
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("attention.head_count_kv", Enumerable.Range(1, config.LayerCount).Select(layer => full.Contains(layer) ? 1 : 0).ToArray());
        keys.Set("ssm.conv_kernel", (uint)linear["short_conv_kernel_size"].GetCount(int.MaxValue));
        keys.Set("kda.head_dim", (uint)linear["head_dim"].GetCount(int.MaxValue));
        int rank = config.GetCount("kv_lora_rank");
        int rotation = config.GetCount("qk_rope_head_dim");
        ModelKeys.AddCount(keys, config, "attention.q_lora_rank", "q_lora_rank");
        keys.Set("attention.kv_lora_rank", (uint)rank);
        keys.Set("rope.dimension_count", (uint)rotation);
        keys.Set("attention.key_length", (uint)(rank + rotation));
        keys.Set("attention.key_length_mla", (uint)(config.GetCount("qk_nope_head_dim") + rotation));
        keys.Set("attention.value_length_mla", (uint)config.GetCount("v_head_dim"));
        keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
        keys.Set("expert_shared_count", (uint)config.GetCount("num_shared_experts"));
        keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
        keys.Set("expert_weights_scale", (float)config.GetNumber("routed_scaling_factor"));
    }
}
