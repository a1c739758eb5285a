using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>LFM2, whose layers are attention or short convolutions.</summary>
internal static class Lfm2Families
{
    private static readonly NameRule[] Names =
    [
        new("model.embed_tokens", "token_embd"),
        new("model.embedding_norm", "token_embd_norm"),
        new("lm_head", "output"),
        new("model.layers.*.operator_norm", "blk.*.attn_norm"),
        new("model.layers.*.ffn_norm", "blk.*.ffn_norm"),
        new("model.layers.*.self_attn.q_proj", "blk.*.attn_q"),
        new("model.layers.*.self_attn.k_proj", "blk.*.attn_k"),
        new("model.layers.*.self_attn.v_proj", "blk.*.attn_v"),
        new("model.layers.*.self_attn.out_proj", "blk.*.attn_output"),
        new("model.layers.*.self_attn.q_layernorm", "blk.*.attn_q_norm"),
        new("model.layers.*.self_attn.k_layernorm", "blk.*.attn_k_norm"),
        new("model.layers.*.conv.conv", "blk.*.shortconv.conv", RowChange.Squeeze),
        new("model.layers.*.conv.in_proj", "blk.*.shortconv.in_proj"),
        new("model.layers.*.conv.out_proj", "blk.*.shortconv.out_proj"),
        new("model.layers.*.feed_forward.w1", "blk.*.ffn_gate"),
        new("model.layers.*.feed_forward.w2", "blk.*.ffn_down"),
        new("model.layers.*.feed_forward.w3", "blk.*.ffn_up"),
    ];

    private static readonly NameRule[] Experts =
    [
        new("model.layers.*.feed_forward.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.feed_forward.expert_bias", "blk.*.exp_probs_b.bias"),
        new("model.layers.*.feed_forward.experts.#.w1", "blk.*.ffn_gate_exps"),
        new("model.layers.*.feed_forward.experts.#.w2", "blk.*.ffn_down_exps"),
        new("model.layers.*.feed_forward.experts.#.w3", "blk.*.ffn_up_exps"),
    ];

    private static readonly Dictionary<string, double> Defaults = new()
    {
        ["norm_eps"] = 1e-5,
        ["rope_theta"] = 1_000_000,
        ["conv_L_cache"] = 3,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Lfm2ForCausalLM", "LFM2ForCausalLM"],
            Architecture = "lfm2",
            Names = Names,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                AddKeys(config, keys);
                keys.Set("feed_forward_length", (uint)ComputeFeedForward(config));
            },
        },
        new()
        {
            Classes = ["Lfm2MoeForCausalLM"],
            Architecture = "lfm2moe",
            Names = [.. Names, .. Experts],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                AddKeys(config, keys);
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
                keys.Set("leading_dense_block_count", (uint)config.GetCount("num_dense_layers"));
                keys.Set("expert_gating_func", 2u);
            },
        },
    ];

    private static void AddKeys(ModelConfig config, KeyList keys)
    {
        string[] types = config.GetLayerTypes();
        keys.Set("attention.head_count_kv", types.Select(type => type == "full_attention" ? config.KeyHeadCount : 0).ToArray());
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("shortconv.l_cache", (uint)config.GetCount("conv_L_cache"));
    }

    private static int ComputeFeedForward(ModelConfig config)
    {
        int width = config.GetCount("block_ff_dim", "intermediate_size");
        if (!config.Find("block_auto_adjust_ff_dim").GetFlag(true))
        {
            return width;
        }

        width = (int)(2L * width / 3);
        width = (int)((config.FindNumber("block_ffn_dim_multiplier") ?? 1) * width);
        int multiple = config.FindCount("block_multiple_of") is > 0 and int found ? found : 256;
        return multiple * ((width + multiple - 1) / multiple);
    }
}
