using System;
using System.Collections.Generic;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Llama and the families that continue its class in llama.cpp's converter: Granite, SmolLM3, Arcee.</summary>
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

    private static readonly NameRule[] Names =
    [
        .. CommonNames.PermutedDecoder,
        new("model.layers.*.block_sparse_moe.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.block_sparse_moe.experts.#.w1", "blk.*.ffn_gate_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.w2", "blk.*.ffn_down_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.w3", "blk.*.ffn_up_exps"),
    ];

    private static readonly NameRule[] GraniteExperts =
    [
        new("model.layers.*.block_sparse_moe.router.layer", "blk.*.ffn_gate_inp"),
        new("model.layers.*.block_sparse_moe.input_linear", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.Split),
        new("model.layers.*.block_sparse_moe.output_linear", "blk.*.ffn_down_exps"),
        new("model.layers.*.shared_mlp.input_linear", "blk.*.ffn_gate_shexp|blk.*.ffn_up_shexp", RowChange.Split),
        new("model.layers.*.shared_mlp.output_linear", "blk.*.ffn_down_shexp"),
    ];

    private static readonly ModelFamily Llama = new()
    {
        Classes = ["LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel", "MistralForCausalLM", "MixtralForCausalLM"],
        Architecture = "llama",
        Names = Names,
        OptionalPrefix = CommonNames.Prefix,
        Defaults = Defaults,
        DerivesHeadSize = true,
        WritesSpacePrefix = true,
        Keys = AddKeys,
        FinalKeys = AddFinalKeys,
        Computed = ComputeRopeFactors,
    };

    private static readonly ModelFamily Granite = Llama with
    {
        Classes = ["GraniteForCausalLM"],
        Architecture = "granite",
        DerivesHeadSize = false,
        Keys = AddGraniteKeys,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        Llama,
        Llama with { Classes = ["SmolLM3ForCausalLM"], Architecture = "smollm3", DerivesHeadSize = false },
        Llama with { Classes = ["ArceeForCausalLM"], Architecture = "arcee", Pools = true },
        Granite,
        Granite with
        {
            Classes = ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"],
            Architecture = "granitemoe",
            Names = [.. CommonNames.PermutedDecoder, .. GraniteExperts],
            Keys = static (config, keys) =>
            {
                AddGraniteKeys(config, keys);
                ModelKeys.AddCount(keys, config, "expert_shared_feed_forward_length", "shared_intermediate_size");
            },
        },
    ];

    private static void AddKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("rope.dimension_count", (uint)config.HeadSize);
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

    /// <summary>Computes by how much Llama 3.1 slows each pair of its rotary embedding.</summary>
    private static IEnumerable<(string Name, float[] Values)> ComputeRopeFactors(ModelConfig config)
    {
        JsonField rope = config.FullRope;
        string? type = rope["rope_type"].FindText() ?? rope["type"].FindText();
        if (!string.Equals(type, "llama3", StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }

        double Get(string key, double fallback) => rope[key].Exists ? rope[key].GetNumber() : fallback;

        float theta = (float)Get("rope_theta", config.FindNumber("rope_theta") ?? 10000);
        float factor = (float)Get("factor", 8);
        float low = (float)Get("low_freq_factor", 1);
        float high = (float)Get("high_freq_factor", 4);
        float context = (float)Get("original_max_position_embeddings", 8192);
        var factors = new float[config.HeadSize / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            float wave = 2 * MathF.PI * MathF.Pow(theta, 2f * i / config.HeadSize);
            float smooth = ((context / wave) - low) / (high - low);
            factors[i] = wave < context / high ? 1
                : wave > context / low ? factor
                : 1 / (((1 - smooth) / factor) + smooth);
        }

        yield return ("rope_freqs.weight", factors);
    }
}
