using System;
using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>Llama and families that continue its class in llama.cpp's converter: Ministral, Granite, SmolLM3, Arcee, Nanbeige.</summary>
internal static class LlamaFamilies
{
    private const int CodeLlamaVocabulary = 32016;
    private const uint CodeLlamaEndOfTurn = 32010;
    private const int SmallVocabulary = 49152;

    private static readonly Dictionary<string, double> Defaults = new()
    {
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000,
        ["max_position_embeddings"] = 2048,
    };

    private static readonly NameRule[] Names = [.. CommonNames.PermutedDecoder, .. CommonNames.SparseExperts];

    /// <summary>The experts of Granite, and the one that all tokens use.</summary>
    public static readonly NameRule[] GraniteExperts =
    [
        new("model.layers.*.block_sparse_moe.router.layer", "blk.*.ffn_gate_inp"),
        new("model.layers.*.block_sparse_moe.input_linear", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.Split),
        new("model.layers.*.block_sparse_moe.output_linear", "blk.*.ffn_down_exps"),
        new("model.layers.*.shared_mlp.input_linear", "blk.*.ffn_gate_shexp|blk.*.ffn_up_shexp", RowChange.Split),
        new("model.layers.*.shared_mlp.output_linear", "blk.*.ffn_down_shexp"),
    ];

    /// <summary>Llama.</summary>
    public static readonly ModelFamily Llama = new()
    {
        Classes =
        [
            "LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel", "IQuestCoderForCausalLM", "MistralForCausalLM", "MixtralForCausalLM",
        ],
        Architecture = "llama",
        Names = Names,
        OptionalPrefix = CommonNames.Prefix,
        Defaults = Defaults,
        DerivesHeadSize = true,
        WritesSpacePrefix = true,
        Keys = AddKeys,
        FinalKeys = AddFinalKeys,
        Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 8),
    };

    /// <summary>Granite 3.</summary>
    public static readonly ModelFamily Granite = Llama with
    {
        Classes = ["GraniteForCausalLM"],
        Architecture = "granite",
        DerivesHeadSize = false,
        Keys = AddGraniteKeys,
    };

    /// <summary>Granite 3 with experts.</summary>
    public static readonly ModelFamily GraniteMoe = Granite with
    {
        Classes = ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"],
        Architecture = "granitemoe",
        Names = [.. CommonNames.PermutedDecoder, .. GraniteExperts],
        Keys = static (config, keys) =>
        {
            AddGraniteKeys(config, keys);
            ModelKeys.AddCount(keys, config, "expert_shared_feed_forward_length", "shared_intermediate_size");
        },
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        Llama,
        Llama with { Classes = ["SmolLM3ForCausalLM"], Architecture = "smollm3", DerivesHeadSize = false },
        Llama with { Classes = ["ArceeForCausalLM"], Architecture = "arcee", Pools = true },
        Llama with
        {
            Classes = ["NanbeigeForCausalLM"],
            Architecture = "nanbeige",
            DerivesHeadSize = false,
            Keys = static (config, keys) =>
            {
                AddKeys(config, keys);
                keys.Set("num_loops", (uint)Math.Max(config.FindCount("num_loops") ?? 1, 1));
                keys.Set("skip_loop_final_norm", config.Find("skip_loop_final_norm").GetFlag(false));
            },
        },
        Llama with
        {
            Classes = ["Mistral3ForConditionalGeneration", "Ministral3ForCausalLM"],
            Architecture = "mistral3",
            Keys = AddMinistralKeys,
        },
        Granite,
        GraniteMoe,
    ];

    internal static void AddKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("rope.dimension_count", (uint)config.HeadSize);
    }

    private static void AddMinistralKeys(ModelConfig config, KeyList keys)
    {
        AddKeys(config, keys);
        switch (config.Find("model_type").FindText())
        {
            case "mistral4":
                throw new UnsupportedModelException($"{config.File}: models of the type mistral4 can't be converted");
            case "ministral3":
                keys.Set("rope.scaling.yarn_log_multiplier", (float)config.Rope["mscale_all_dim"].GetNumber());
                keys.Set("attention.temperature_scale", (float)config.Rope["llama_4_scaling_beta"].GetNumber());
                break;
        }
    }

    private static void AddGraniteKeys(ModelConfig config, KeyList keys)
    {
        keys.Remove("attention.key_length", "attention.value_length");
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("rope.dimension_count", (uint)(config.HiddenSize / config.HeadCount));
        ModelKeys.AddNumber(keys, config, "attention.scale", "attention_multiplier");
        ModelKeys.AddNumber(keys, config, "embedding_scale", "embedding_multiplier");
        ModelKeys.AddNumber(keys, config, "residual_scale", "residual_multiplier");
        ModelKeys.AddNumber(keys, config, "logit_scale", "logits_scaling");
    }

    private static void AddFinalKeys(ModelConfig config, KeyList keys)
    {
        if (config.VocabularySize == CodeLlamaVocabulary)
        {
            keys.SetWhole("tokenizer.ggml.eot_token_id", CodeLlamaEndOfTurn);
        }

        if (config.VocabularySize == SmallVocabulary)
        {
            keys.SetWhole("tokenizer.ggml.add_bos_token", false);
        }
    }
}
