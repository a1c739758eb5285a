using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders whose attention works on projections of low rank: MiniCPM 3.</summary>
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
    ];
}
