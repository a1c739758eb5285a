using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>Gemma 1, 2 and 3 and EmbeddingGemma. Their norms multiply by one more than the number in the file.</summary>
internal static class GemmaFamilies
{
    private const uint CodeGemmaEndOfTurn = 107;

    private static readonly string[] RopeKeys = ["rope.freq_base", "rope.freq_base_swa", "rope.scaling.type", "rope.scaling.factor"];

    /// <summary>The names of Gemma 2 and its successors.</summary>
    public static readonly NameRule[] Names =
    [
        .. CommonNames.Ends,
        .. CommonNames.Attention,
        .. CommonNames.FeedForward,
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
        new("model.layers.*.pre_feedforward_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.post_feedforward_layernorm", "blk.*.post_ffw_norm"),
    ];

    /// <summary>The defaults of Gemma 3.</summary>
    public static readonly IReadOnlyDictionary<string, double> Defaults = new Dictionary<string, double>
    {
        ["head_dim"] = 256,
        ["num_attention_heads"] = 8,
        ["num_key_value_heads"] = 4,
        ["rms_norm_eps"] = 1e-6,
        ["max_position_embeddings"] = 131072,
        ["sliding_window"] = 4096,
        ["rope_theta"] = 1_000_000,
        ["rope_local_base_freq"] = 10_000,
        ["vocab_size"] = 262208,
    };

    private static readonly ModelFamily Gemma3 = new()
    {
        Classes = ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
        Architecture = "gemma3",
        Names = Names,
        ShiftsNorms = true,
        Defaults = Defaults,
        Keys = AddGemma3Keys,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["GemmaForCausalLM"],
            Architecture = "gemma",
            Names = CommonNames.Decoder,
            Unused = ["lm_head."],
            ShiftsNorms = true,
            Defaults = new Dictionary<string, double> { ["head_dim"] = 256, ["rms_norm_eps"] = 1e-6, ["max_position_embeddings"] = 8192 },
            Keys = static (config, keys) =>
            {
                keys.Remove(RopeKeys);
                keys.Set("attention.head_count_kv", (uint)config.KeyHeadCount);
            },
            FinalKeys = static (_, keys) => keys.SetWhole("tokenizer.ggml.eot_token_id", CodeGemmaEndOfTurn),
        },
        new()
        {
            Classes = ["Gemma2ForCausalLM"],
            Architecture = "gemma2",
            Names = Names,
            Unused = ["lm_head."],
            ShiftsNorms = true,
            Defaults = new Dictionary<string, double>
            {
                ["head_dim"] = 256,
                ["rms_norm_eps"] = 1e-6,
                ["max_position_embeddings"] = 8192,
                ["sliding_window"] = 4096,
                ["attn_logit_softcapping"] = 50,
                ["final_logit_softcapping"] = 30,
            },
            Keys = static (config, keys) =>
            {
                keys.Remove(RopeKeys);
                keys.Set("attention.head_count_kv", (uint)config.KeyHeadCount);
                ModelKeys.AddNumber(keys, config, "attn_logit_softcapping", "attn_logit_softcapping");
                ModelKeys.AddNumber(keys, config, "final_logit_softcapping", "final_logit_softcapping");
                ModelKeys.AddCount(keys, config, "attention.sliding_window", "sliding_window");
            },
        },
        Gemma3,
        Gemma3 with
        {
            Classes = ["Gemma3TextModel"],
            Architecture = "gemma-embedding",
            OptionalPrefix = CommonNames.Prefix,
            Keys = static (config, keys) =>
            {
                AddGemma3Keys(config, keys);
                ModelKeys.AddCount(keys, config, "attention.sliding_window", "sliding_window");
            },
            Pools = true,
        },
    ];

    /// <summary>Adds the keys of Gemma 3.</summary>
    public static void AddGemma3Keys(ModelConfig config, KeyList keys)
    {
        if (config.Find("attn_logit_softcapping").Exists)
        {
            throw new UnsupportedModelException($"{config.File}: attn_logit_softcapping is not supported in a Gemma 3 model");
        }

        ModelKeys.AddNumber(keys, config, "final_logit_softcapping", "final_logit_softcapping");
        if (config.FindCount("sliding_window_pattern") != 1)
        {
            ModelKeys.AddCount(keys, config, "attention.sliding_window", "sliding_window");
        }
    }
}
