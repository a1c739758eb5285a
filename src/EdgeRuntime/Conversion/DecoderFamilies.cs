using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>Other decoders: Phi-3, OLMo, StableLM, StarCoder 2, GPT-NeoX, GPT-2, Command R, Seed-OSS.</summary>
internal static class DecoderFamilies
{
    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    internal static readonly string[] RopeKeys = ["rope.freq_base", "attention.key_length", "attention.value_length"];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Phi3ForCausalLM"],
            Architecture = "phi3",
            Names =
            [
                .. CommonNames.Ends,
                .. CommonNames.PreNorms,
                new("model.layers.*.self_attn.qkv_proj", "blk.*.attn_qkv"),
                new("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
                new("model.layers.*.mlp.gate_up_proj", "blk.*.ffn_up"),
                new("model.layers.*.mlp.down_proj", "blk.*.ffn_down"),
            ],
            Defaults = new Dictionary<string, double>(Defaults) { ["original_max_position_embeddings"] = 4096 },
            Keys = AddPhi3Keys,
            Computed = static config => RopeFactors.OfLongRope(config, GetPhi3Rotation(config)),
        },
        new()
        {
            Classes = ["OlmoForCausalLM", "OLMoForCausalLM"],
            Architecture = "olmo",
            Names = CommonNames.PermutedDecoder,
            Defaults = new Dictionary<string, double> { ["rope_theta"] = 10000 },
            Keys = static (config, keys) =>
            {
                keys.Set("attention.layer_norm_epsilon", 1e-5f);
                ModelKeys.AddNumber(keys, config, "attention.clamp_kqv", "clip_qkv");
            },
        },
        new()
        {
            Classes = ["Olmo2ForCausalLM", "Olmo3ForCausalLM"],
            Architecture = "olmo2",
            Names =
            [
                .. CommonNames.Ends,
                .. CommonNames.Attention,
                .. CommonNames.FeedForward,
                new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
                new("model.layers.*.post_feedforward_layernorm", "blk.*.post_ffw_norm"),
            ],
            Defaults = Defaults,
            Keys = AddOlmo2Keys,
        },
        new()
        {
            Classes = ["OlmoeForCausalLM"],
            Architecture = "olmoe",
            Names = [.. CommonNames.Decoder, .. CommonNames.Experts],
            Defaults = Defaults,
            Keys = static (_, keys) => keys.Set("attention.layer_norm_rms_epsilon", 1e-5f),
        },
        new()
        {
            Classes = ["StableLmForCausalLM", "StableLMEpochForCausalLM"],
            Architecture = "stablelm",
            Names = CommonNames.Decoder,
            Keys = static (config, keys) =>
            {
                keys.Remove(RopeKeys);
                keys.Remove("attention.layer_norm_rms_epsilon");
                double share = config.Rope["partial_rotary_factor"] is { Exists: true } found ? found.GetNumber()
                    : config.FindNumber("partial_rotary_factor", "rope_pct") ?? 0.25;
                keys.Set("rope.dimension_count", (uint)(share * (config.HiddenSize / config.HeadCount)));
                keys.Set("use_parallel_residual", config.Find("use_parallel_residual").GetFlag(true));
                keys.Set("attention.layer_norm_epsilon", (float)(config.FindNumber("layer_norm_eps", "norm_eps") ?? 1e-5));
            },
        },
        new()
        {
            Classes = ["Starcoder2ForCausalLM"],
            Architecture = "starcoder2",
            Names =
            [
                .. CommonNames.Ends,
                .. CommonNames.PreNorms,
                .. CommonNames.Attention,
                new("model.layers.*.mlp.c_fc", "blk.*.ffn_up"),
                new("model.layers.*.mlp.c_proj", "blk.*.ffn_down"),
            ],
            Defaults = new Dictionary<string, double> { ["rope_theta"] = 10000, ["norm_epsilon"] = 1e-5 },
        },
        new()
        {
            Classes = ["GPTNeoXForCausalLM"],
            Architecture = "gptneox",
            Names =
            [
                new("gpt_neox.embed_in", "token_embd"),
                new("gpt_neox.final_layer_norm", "output_norm"),
                new("embed_out", "output"),
                new("gpt_neox.layers.*.input_layernorm", "blk.*.attn_norm"),
                new("gpt_neox.layers.*.post_attention_layernorm", "blk.*.ffn_norm"),
                new("gpt_neox.layers.*.attention.query_key_value", "blk.*.attn_qkv", RowChange.GroupHeads),
                new("gpt_neox.layers.*.attention.dense", "blk.*.attn_output"),
                new("gpt_neox.layers.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
                new("gpt_neox.layers.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
            ],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Remove(RopeKeys);
                double share = config.FindNumber("rotary_pct") ?? 0.25;
                keys.Set("rope.dimension_count", (uint)(share * (config.HiddenSize / config.HeadCount)));
                keys.Set("use_parallel_residual", config.Find("use_parallel_residual").GetFlag(true));
                keys.RemoveWhole("general.file_type"); // llama.cpp's converter writes none
            },
        },
        new()
        {
            Classes = ["GPT2LMHeadModel"],
            Architecture = "gpt2",
            OptionalPrefix = "transformer.",
            Names = CommonNames.Gpt2(RowChange.Transpose),
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, keys) => keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize)),
        },
        new()
        {
            Classes = ["CohereForCausalLM"],
            Architecture = "command-r",
            Names = CommonNames.Decoder,
            Unused = ["lm_head."],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5, ["rope_theta"] = 10000, ["logit_scale"] = 0.0625 },
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "context_length", "model_max_length", "max_position_embeddings");
                ModelKeys.AddNumber(keys, config, "logit_scale", "logit_scale");
                keys.Set("rope.scaling.type", "none");
            },
        },
        new()
        {
            Classes = ["SeedOssForCausalLM"],
            Architecture = "seed_oss",
            Names = [new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"), .. CommonNames.Decoder],
            Defaults = new Dictionary<string, double>(Defaults) { ["head_dim"] = 128 },
        },
    ];

    internal static void AddPhi3Keys(ModelConfig config, KeyList keys)
    {
        keys.Remove("rope.scaling.type", "attention.key_length", "attention.value_length");
        keys.Set("rope.scaling.original_context_length", (uint)GetOriginalContext(config));
        keys.Set("rope.dimension_count", (uint)GetPhi3Rotation(config));
        keys.Set("attention.sliding_window", (uint)(config.FindCount("sliding_window") ?? 0));
        if (config.Rope["long_factor"].Count == 0)
        {
            return;
        }

        double scale = (double)config.GetCount("n_positions", "max_position_embeddings") / GetOriginalContext(config);
        string? type = config.Rope["rope_type"].FindText() ?? config.Rope["type"].FindText();
        double factor = type switch
        {
            _ when scale <= 1 => 1,
            "su" or "longrope" => Math.Sqrt(1 + (Math.Log(scale) / Math.Log(GetOriginalContext(config)))),
            "yarn" => (0.1 * Math.Log(scale)) + 1,
            _ => throw config.Rope["rope_type"].Wrong("longrope or yarn"),
        };
        keys.Set("rope.scaling.attn_factor", (float)factor);
    }

    private static int GetOriginalContext(ModelConfig config) => config.Rope["original_max_position_embeddings"] is { Exists: true } found
        ? found.GetCount(int.MaxValue)
        : config.GetCount("original_max_position_embeddings");

    internal static int GetPhi3Rotation(ModelConfig config)
    {
        double share = config.Rope["partial_rotary_factor"] is { Exists: true } found ? found.GetNumber()
            : config.FindNumber("partial_rotary_factor") ?? 1;
        return (int)(share * config.HiddenSize) / config.HeadCount;
    }

    private static void AddOlmo2Keys(ModelConfig config, KeyList keys)
    {
        if (!config.Find("sliding_window").Exists)
        {
            return;
        }

        ModelKeys.AddCount(keys, config, "attention.sliding_window", "sliding_window");
        bool[] windows = config.FindWindowLayers()
            ?? [.. Enumerable.Range(1, config.LayerCount).Select(static layer => layer % 4 != 0)];
        keys.Set("attention.sliding_window_pattern", windows);
    }
}
