using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders whose experts have names or keys of their own: Llama 4, AFMoE, GroveMoE, Arctic, SmallThinker.</summary>
internal static class SparseFamilies
{
    private const uint GroveExpertsPerGroup = 2;
    private const float GroveGroupScale = 0.05f;
    private const uint GroveHeadSize = 128;

    private const float AddedScore = -1000;
    private const float UnusedScore = -10000;
    private const string UnknownPiece = "<unk>";
    private const int UnknownType = 2;
    private const int ControlType = 3;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    private static readonly NameRule[] Llama4Names =
    [
        .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention,
        new("model.layers.*.feed_forward.gate_proj", "blk.*.ffn_gate"),
        new("model.layers.*.feed_forward.up_proj", "blk.*.ffn_up"),
        new("model.layers.*.feed_forward.down_proj", "blk.*.ffn_down"),
        new("model.layers.*.feed_forward.router", "blk.*.ffn_gate_inp"),
        new("model.layers.*.feed_forward.experts.gate_up_proj", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.TransposeSplit),
        new("model.layers.*.feed_forward.experts.down_proj", "blk.*.ffn_down_exps", RowChange.Transpose),
        new("model.layers.*.feed_forward.shared_expert.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.feed_forward.shared_expert.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.feed_forward.shared_expert.down_proj", "blk.*.ffn_down_shexp"),
    ];

    private static readonly NameRule[] AfmoeNames =
    [
        .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.FeedForward, .. CommonNames.Experts, .. CommonNames.SharedExperts,
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
        new("model.layers.*.pre_mlp_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.post_mlp_layernorm", "blk.*.post_ffw_norm"),
        new("model.layers.*.self_attn.gate_proj", "blk.*.attn_gate"),
        new("model.layers.*.mlp.router.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.mlp.expert_bias", "blk.*.exp_probs_b.bias"),
    ];

    private static readonly NameRule[] GroveNames =
    [
        .. CommonNames.Decoder, .. CommonNames.Experts,
        new("model.layers.*.mlp.chunk_experts.#.gate_proj", "blk.*.ffn_gate_chexps", ExpertsPer: (int)GroveExpertsPerGroup),
        new("model.layers.*.mlp.chunk_experts.#.up_proj", "blk.*.ffn_up_chexps", ExpertsPer: (int)GroveExpertsPerGroup),
        new("model.layers.*.mlp.chunk_experts.#.down_proj", "blk.*.ffn_down_chexps", ExpertsPer: (int)GroveExpertsPerGroup),
    ];

    private static readonly NameRule[] ArcticNames =
    [
        .. CommonNames.Ends, .. CommonNames.PermutedAttention, .. CommonNames.SparseExperts,
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.residual_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.ffn_norm_exps"),
        new("model.layers.*.residual_mlp.w1", "blk.*.ffn_gate"),
        new("model.layers.*.residual_mlp.w2", "blk.*.ffn_down"),
        new("model.layers.*.residual_mlp.w3", "blk.*.ffn_up"),
    ];

    private static readonly NameRule[] ThinkerNames =
    [
        .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention,
        new("model.layers.*.block_sparse_moe.primary_router", "blk.*.ffn_gate_inp"),
        new("model.layers.*.block_sparse_moe.experts.#.gate", "blk.*.ffn_gate_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.up", "blk.*.ffn_up_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.down", "blk.*.ffn_down_exps"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Llama4ForCausalLM", "Llama4ForConditionalGeneration"],
            Architecture = "llama4",
            Names = Llama4Names,
            Defaults = new Dictionary<string, double>
            {
                ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 500000, ["interleave_moe_layer_step"] = 1,
            },
            DerivesHeadSize = true,
            Keys = AddLlama4Keys,
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 8),
        },
        LlamaFamilies.Llama with
        {
            Classes = ["AfmoeForCausalLM"],
            Architecture = "afmoe",
            Names = AfmoeNames,
            OptionalPrefix = "",
            DerivesHeadSize = false,
            Keys = AddAfmoeKeys,
        },
        new()
        {
            Classes = ["GroveMoeForCausalLM", "modeling_grove_moe.GroveMoeForCausalLM"],
            Architecture = "grovemoe",
            Names = GroveNames,
            Rename = static (_, name) => name.EndsWith(".expert_bias", StringComparison.Ordinal) ? null : name,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
                keys.Set("expert_chunk_feed_forward_length", (uint?)config.FindCount("head_dim") ?? GroveHeadSize);
                keys.Set("experts_per_group", GroveExpertsPerGroup);
                keys.Set("expert_group_scale", GroveGroupScale);
            },
        },
        new()
        {
            Classes = ["ArcticForCausalLM"],
            Architecture = "arctic",
            Names = ArcticNames,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                keys.Set("rope.dimension_count", (uint)(config.HiddenSize / config.HeadCount));
            },
            FinalKeys = static (_, keys) => ScoreAddedTokens(keys),
        },
        new()
        {
            Classes = ["SmallThinkerForCausalLM"],
            Architecture = "smallthinker",
            Names = ThinkerNames,
            Defaults = Defaults,
            Keys = AddThinkerKeys,
        },
    ];

    private static void AddLlama4Keys(ModelConfig config, KeyList keys)
    {
        LlamaFamilies.AddKeys(config, keys);
        keys.Set("feed_forward_length", (uint)config.GetCount("intermediate_size_mlp"));
        keys.Set("expert_feed_forward_length", (uint)config.GetCount("intermediate_size"));
        keys.Set("interleave_moe_layer_step", (uint)config.GetCount("interleave_moe_layer_step"));
        if (config.FindLayerTypes() is { } types && types.All(static type => type == "full_attention"))
        {
            keys.Set("attention.sliding_window", 0u);
        }
    }

    private static void AddAfmoeKeys(ModelConfig config, KeyList keys)
    {
        LlamaFamilies.AddKeys(config, keys);
        ModelKeys.AddCount(keys, config, "expert_shared_count", "num_shared_experts");
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        ModelKeys.AddCount(keys, config, "leading_dense_block_count", "num_dense_layers");
        ModelKeys.AddCount(keys, config, "attention.sliding_window", "sliding_window");
        if (config.Find("route_norm").FindFlag() is { } normalizes)
        {
            keys.Set("expert_weights_norm", normalizes);
        }

        if (config.FindNumber("route_scale") is { } scale)
        {
            keys.Set("expert_weights_scale", (float)scale);
        }
    }

    /// <summary>
    /// Gives tokens that were added to a SentencePiece model the scores and the type that llama.cpp's converter gives them for Arctic
    /// alone.
    /// </summary>
    private static void ScoreAddedTokens(KeyList keys)
    {
        var values = keys.Values.ToDictionary();
        if (values.GetValueOrDefault("tokenizer.ggml.scores") is not float[] scores
            || values.GetValueOrDefault("tokenizer.ggml.token_type") is not int[] types
            || values.GetValueOrDefault("tokenizer.ggml.tokens") is not string[] tokens)
        {
            return;
        }

        for (int id = 0; id < scores.Length; id++)
        {
            if (scores[id] == AddedScore)
            {
                scores[id] = types[id] == ControlType ? 0 : UnusedScore;
                types[id] = tokens[id] == UnknownPiece ? UnknownType : types[id];
            }
        }
    }

    private static void AddThinkerKeys(ModelConfig config, KeyList keys)
    {
        ModelKeys.AddCount(keys, config, "expert_count", "moe_num_primary_experts");
        ModelKeys.AddCount(keys, config, "expert_used_count", "moe_num_active_primary_experts");
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_ffn_hidden_size");
        ModelKeys.AddCount(keys, config, "feed_forward_length", "moe_ffn_hidden_size");
        keys.Set("expert_gating_func", config.Find("moe_primary_router_apply_softmax").GetFlag(false) ? 1u : 2u);
        if (config.FindCount("sliding_window_size") is > 0 and int window
            && config.Find("sliding_window_layout").Elements().Any(static layer => layer.GetCount(int.MaxValue) > 0))
        {
            keys.Set("attention.sliding_window", (uint)window);
        }
    }
}
