using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Decoders without experts: Phi-2, Nemotron, Command R7B, EXAONE 3 and 4, ERNIE 4.5, HunYuan, BLOOM, MiniCPM, PLM, Jais 2, Orion, Pangu,
/// Maincoder, StarCoder.
/// </summary>
internal static class DenseFamilies
{
    /// <summary>The context of a HunYuan whose configuration has a shorter one that was not extended yet.</summary>
    private const uint HunYuanContext = 256 * 1024;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    private static readonly NameRule[] Exaone =
    [
        new("transformer.wte", "token_embd"),
        new("transformer.ln_f", "output_norm"),
        new("lm_head", "output"),
        new("transformer.h.*.ln_1", "blk.*.attn_norm"),
        new("transformer.h.*.ln_2", "blk.*.ffn_norm"),
        new("transformer.h.*.attn.attention.q_proj", "blk.*.attn_q"),
        new("transformer.h.*.attn.attention.k_proj", "blk.*.attn_k"),
        new("transformer.h.*.attn.attention.v_proj", "blk.*.attn_v"),
        new("transformer.h.*.attn.attention.out_proj", "blk.*.attn_output"),
        new("transformer.h.*.mlp.c_fc_0", "blk.*.ffn_gate"),
        new("transformer.h.*.mlp.c_fc_1", "blk.*.ffn_up"),
        new("transformer.h.*.mlp.c_proj", "blk.*.ffn_down"),
    ];

    private static readonly NameRule[] Bloom =
    [
        new("word_embeddings", "token_embd"),
        new("word_embeddings_layernorm", "token_embd_norm"),
        new("ln_f", "output_norm"),
        new("lm_head", "output"),
        new("h.*.input_layernorm", "blk.*.attn_norm"),
        new("h.*.post_attention_layernorm", "blk.*.ffn_norm"),
        new("h.*.self_attention.query_key_value", "blk.*.attn_qkv", RowChange.GroupHeads),
        new("h.*.self_attention.dense", "blk.*.attn_output"),
        new("h.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
        new("h.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["PhiForCausalLM"],
            Architecture = "phi2",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention,
                new("model.final_layernorm", "output_norm"),
                new("model.layers.*.self_attn.dense", "blk.*.attn_output"),
                new("model.layers.*.mlp.fc1", "blk.*.ffn_up"),
                new("model.layers.*.mlp.fc2", "blk.*.ffn_down"),
            ],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Remove(DecoderFamilies.RopeKeys);
                keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
                keys.Set("attention.head_count_kv", (uint)config.HeadCount);
                keys.Set("rope.dimension_count", (uint)(RotaryShare(config) * config.HiddenSize) / (uint)config.HeadCount);
                keys.SetWhole("tokenizer.ggml.add_bos_token", false);
            },
        },
        new()
        {
            Classes = ["NemotronForCausalLM"],
            Architecture = "nemotron",
            Names = [.. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.PlainFeedForward],
            ShiftsNorms = true,
            Defaults = new Dictionary<string, double> { ["rope_theta"] = 10000, ["norm_eps"] = 1e-5 },
            Keys = AddNemotronKeys,
            FinalKeys = static (_, keys) =>
            {
                keys.SetWhole("tokenizer.ggml.padding_token_id", 0u);
                keys.SetWhole("tokenizer.ggml.unknown_token_id", 1u);
            },
        },
        new()
        {
            Classes = ["Cohere2ForCausalLM"],
            Architecture = "cohere2",
            Names = CommonNames.Decoder,
            Unused = ["lm_head."],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5, ["rope_theta"] = 10000, ["logit_scale"] = 0.0625 },
            Keys = static (config, keys) =>
            {
                ModelKeys.AddNumber(keys, config, "logit_scale", "logit_scale");
                keys.Set("attention.sliding_window", (uint)config.GetCount("sliding_window"));
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                double share = config.FindNumber("rotary_pct") ?? 1;
                keys.Set("rope.dimension_count", (uint)(share * (config.HiddenSize / config.HeadCount)));
                keys.Set("rope.scaling.type", "none");
            },
        },
        new()
        {
            Classes = ["Exaone4ForCausalLM"],
            Architecture = "exaone4",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.FeedForward,
                new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
                new("model.layers.*.post_feedforward_layernorm", "blk.*.post_ffw_norm"),
            ],
            Defaults = Defaults,
            Keys = AddExaone4Keys,
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 16),
        },
        new()
        {
            Classes = ["ExaoneForCausalLM"],
            Architecture = "exaone",
            Names = Exaone,
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5, ["rope_theta"] = 10000 },
            Keys = static (config, keys) =>
            {
                double share = config.FullRope["partial_rotary_factor"].Exists ? RotaryShare(config) : 1;
                keys.Set("rope.dimension_count", (uint)(share * (config.HiddenSize / config.HeadCount)));

                // llama.cpp's converter writes only the key of another norm, and its loader refuses such a file.
                keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("layer_norm_epsilon"));
            },
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 8),
        },
        new()
        {
            Classes = ["Ernie4_5ForCausalLM", "Ernie4_5_ForCausalLM"],
            Architecture = "ernie4_5",
            Names = CommonNames.Decoder,
            Defaults = Defaults,
            WritesSpacePrefix = true,
        },
        new()
        {
            Classes = ["HunYuanDenseV1ForCausalLM"],
            Architecture = "hunyuan-dense",
            Names =
            [
                .. CommonNames.Decoder,
                new("model.layers.*.self_attn.query_layernorm", "blk.*.attn_q_norm"),
                new("model.layers.*.self_attn.key_layernorm", "blk.*.attn_k_norm"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) => AddHunYuanKeys(config, keys, defaultAlpha: 50),
        },
        new()
        {
            Classes = ["BloomForCausalLM", "BloomModel"],
            Architecture = "bloom",
            Names = Bloom,
            RemovedPrefixes = ["transformer."],
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Set("context_length", (uint)(config.FindCount("seq_length") ?? config.HiddenSize));
                keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
                keys.Set("attention.head_count_kv", (uint)config.HeadCount);
            },
        },
        new()
        {
            Classes = ["MiniCPMForCausalLM"],
            Architecture = "minicpm",
            Names = CommonNames.PermutedDecoder,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("embedding_scale", (float)config.GetNumber("scale_emb"));
                keys.Set("residual_scale", (float)(config.GetNumber("scale_depth") / Math.Sqrt(config.LayerCount)));
                keys.Set("logit_scale", (float)(config.HiddenSize / config.GetNumber("dim_model_base")));
            },
            Computed = static config => RopeFactors.OfLongRope(config, config.HiddenSize / config.HeadCount),
        },
        new()
        {
            Classes = ["PLMForCausalLM"],
            Architecture = "plm",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.PlainFeedForward,
                new("model.layers.*.self_attn.q_proj", "blk.*.attn_q"),
                new("model.layers.*.self_attn.kv_a_proj_with_mqa", "blk.*.attn_kv_a_mqa"),
                new("model.layers.*.self_attn.kv_a_layernorm", "blk.*.attn_kv_a_norm"),
                new("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_kv_b"),
                new("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                int rotated = config.GetCount("qk_rope_head_dim");
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                keys.Set("attention.kv_lora_rank", (uint)config.GetCount("kv_lora_rank"));
                keys.Set("attention.key_length", (uint)(config.GetCount("qk_nope_head_dim") + rotated));
                keys.Set("attention.value_length", (uint)config.GetCount("v_head_dim"));
                keys.Set("rope.dimension_count", (uint)rotated);
            },
        },
        new()
        {
            Classes = ["Jais2ForCausalLM"],
            Architecture = "jais2",
            Names = [.. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.PlainFeedForward],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5, ["rope_theta"] = 500000 },
            Keys = static (config, keys) => keys.Set("rope.dimension_count", (uint)config.HeadSize),
        },
        new()
        {
            Classes = ["OrionForCausalLM"],
            Architecture = "orion",
            Names = CommonNames.Decoder,
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Remove(DecoderFamilies.RopeKeys);
                keys.Remove("attention.layer_norm_rms_epsilon", "rope.scaling.type", "rope.scaling.factor");
                keys.Set("tensor_data_layout", "Meta AI original pth");
                ModelKeys.AddCount(keys, config, "context_length", "max_sequence_length", "max_position_embeddings", "model_max_length");
                keys.Set("attention.head_count_kv", (uint)config.KeyHeadCount);
                keys.Set("attention.layer_norm_epsilon", (float)config.GetNumber("rms_norm_eps"));
            },
        },
        new()
        {
            Classes = ["PanguEmbeddedForCausalLM"],
            Architecture = "pangu-embedded",
            Names = CommonNames.Decoder,
            Defaults = Defaults,
            DerivesHeadSize = true,
            WritesSpacePrefix = true,
            Keys = static (config, keys) =>
            {
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                keys.Set("rope.dimension_count", (uint)config.HeadSize);
            },
        },
        new()
        {
            Classes = ["MaincoderForCausalLM"],
            Architecture = "maincoder",
            Names = CommonNames.Decoder,
            Defaults = Defaults,
            Keys = static (config, keys) => ModelKeys.AddCount(keys, config, "rope.dimension_count", "head_dim"),
        },
        new()
        {
            Classes = ["GPTBigCodeForCausalLM"],
            Architecture = "starcoder",
            OptionalPrefix = "transformer.",
            Names = CommonNames.Gpt2(RowChange.None),
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
                keys.Set("attention.head_count_kv", 1u);
            },
        },
    ];

    /// <summary>Gets the share of a head that the rotary embedding turns; a half unless the configuration says another one.</summary>
    public static double RotaryShare(ModelConfig config) => config.Rope["partial_rotary_factor"] is { Exists: true } found
        ? found.GetNumber()
        : config.FindNumber("partial_rotary_factor") ?? 0.5;

    private static void AddNemotronKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("attention.layer_norm_epsilon", (float)(config.FindNumber("layer_norm_eps", "norm_epsilon", "norm_eps") ?? 1e-5));
        keys.Set("rope.dimension_count", (uint)(RotaryShare(config) * config.HiddenSize) / (uint)config.HeadCount);
        double? factor = config.Find("factor").Exists ? config.FindNumber("factor")
            : config.Rope["factor"].Exists ? config.Rope["factor"].GetNumber() : null;
        keys.Set("rope.scaling.type", factor is null ? "none" : "linear");
        if (factor is { } value)
        {
            keys.Set("rope.scaling.factor", (float)value);
        }
    }

    /// <summary>A rotary embedding of the type "dynamic" has a longer base, which alpha gives.</summary>
    public static void AddHunYuanKeys(ModelConfig config, KeyList keys, double defaultAlpha)
    {
        JsonField rope = config.Rope;
        string? type = rope["rope_type"].FindText() ?? rope["type"].FindText();
        if (type is not ("dynamic" or "xdrope"))
        {
            return;
        }

        if (config.HeadSize <= 2)
        {
            throw new UnsupportedModelException(
                $"{config.File}: found heads of {config.HeadSize} elements, "
                + $"expected more than 2 for a rotary embedding of the type {type}");
        }

        double alpha = rope["alpha"].Exists ? rope["alpha"].GetNumber() : defaultAlpha;
        double theta = config.FindNumber("rope_theta") ?? 10000;
        keys.Set("rope.freq_base", (float)(theta * Math.Pow(alpha, config.HeadSize / (config.HeadSize - 2.0))));
        keys.Set("rope.scaling.type", "none");
        keys.Set("rope.scaling.factor", 1f);
        if (type == "dynamic")
        {
            keys.Set("rope.scaling.original_context_length", HunYuanContext);
            keys.Set("context_length", HunYuanContext);
        }
    }

    /// <summary>Adds the keys of EXAONE 4 and of models that continue it.</summary>
    public static void AddExaone4Keys(ModelConfig config, KeyList keys)
    {
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        if (config.FindCount("sliding_window") is not { } window)
        {
            return;
        }

        keys.Set("attention.sliding_window", (uint)window);
        JsonField pattern = config.Find("sliding_window_pattern");
        bool[]? windows = config.FindWindowLayers() is { } found ? found
            : pattern.Kind == JsonValueKind.String && pattern.GetText() is { Length: > 0 } letters
                ? [.. Enumerable.Range(0, config.LayerCount).Select(layer => letters[layer % letters.Length] == 'L')]
            : pattern.Kind == JsonValueKind.Number && pattern.GetCount(int.MaxValue) is > 0 and int period
                ? [.. Enumerable.Range(1, config.LayerCount).Select(layer => layer % period != 0)]
            : null;
        if (windows is not null)
        {
            keys.Set("attention.sliding_window_pattern", windows);
        }
    }
}
