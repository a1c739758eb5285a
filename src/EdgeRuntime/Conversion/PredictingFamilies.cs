using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Decoders with experts whose files may have layers that predict tokens ahead: Command R with experts, MiMo 2, Step 3.5, HunYuan 3.
/// </summary>
internal static class PredictingFamilies
{
    /// <summary>The number of layers that predict tokens ahead in MiMo 2, which its configuration does not have.</summary>
    private const int MiMoPredictions = 3;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    private static readonly NameRule[] MiMoNames =
    [
        .. CommonNames.Decoder, .. CommonNames.Experts, .. PredictingLayers.Names,
        new("model.layers.*.pre_mlp_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.final_layernorm", "blk.*.layer_output_norm"),
        new("model.layers.*.self_attn.qkv_proj", "blk.*.attn_qkv"),
        new("model.layers.*.self_attn.attention_sink_bias", "blk.*.attn_sinks"),
        new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
    ];

    private static readonly NameRule[] StepNames =
    [
        .. CommonNames.Decoder, .. PredictingLayers.Names,
        new("model.layers.*.self_attn.g_proj", "blk.*.attn_gate"),
        new("model.layers.*.moe.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.moe.router_bias", "blk.*.exp_probs_b.bias"),
        new("model.layers.*.moe.gate_proj", "blk.*.ffn_gate_exps"),
        new("model.layers.*.moe.up_proj", "blk.*.ffn_up_exps"),
        new("model.layers.*.moe.down_proj", "blk.*.ffn_down_exps"),
        new("model.layers.*.share_expert.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.share_expert.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.share_expert.down_proj", "blk.*.ffn_down_shexp"),
    ];

    private static readonly NameRule[] HunYuanNames =
    [
        .. CommonNames.Decoder, .. CommonNames.Experts, .. CommonNames.SharedExperts, .. PredictingLayers.Names,
        new("model.layers.*.final_layernorm", "blk.*.nextn.shared_head_norm"),
        new("model.layers.*.mlp.router.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.mlp.expert_bias", "blk.*.exp_probs_b."),
        new("model.layers.*.mlp.e_score_correction", "blk.*.exp_probs_b"),
        new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
        new("model.layers.*.mlp.shared_mlp.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.mlp.shared_mlp.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.mlp.shared_mlp.down_proj", "blk.*.ffn_down_shexp"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Cohere2MoeForCausalLM"],
            Architecture = "cohere2moe",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.FeedForward, .. CommonNames.Experts,
                .. CommonNames.SharedExperts, .. PredictingLayers.Names,
                new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
            ],
            Defaults = new Dictionary<string, double> { ["layer_norm_eps"] = 1e-5, ["rope_theta"] = 10000 },
            PredictingLayers = PredictingLayers.Count,
            Keys = AddCohereKeys,
        },
        new()
        {
            Classes = ["MiMoV2FlashForCausalLM", "MiMoV2ForCausalLM"],
            Architecture = "mimo2",
            Names = MiMoNames,
            Defaults = new Dictionary<string, double> { ["layernorm_epsilon"] = 1e-5, ["rope_theta"] = 10000 },
            PredictingLayers = static _ => MiMoPredictions,
            Rename = RenameMiMo,
            Keys = AddMiMoKeys,
        },
        new()
        {
            Classes = ["Step3p5ForCausalLM", "Step3p7ForConditionalGeneration"],
            Architecture = "step35",
            Names = StepNames,
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 10000 },
            ShiftsNorms = true,
            PredictingLayers = PredictingLayers.Count,
            Rename = static (_, name) => name.Replace(".transformer.shared_head.", ".shared_head.", StringComparison.Ordinal)
                .Replace(".shared_head.output.", ".shared_head.head.", StringComparison.Ordinal),
            Keys = AddStepKeys,
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 8, rotation: config.HeadSize / 2),
        },
        new()
        {
            Classes = ["HYV3ForCausalLM"],
            Architecture = "hy_v3",
            Names = HunYuanNames,
            Defaults = Defaults,
            PredictingLayers = PredictingLayers.Count,
            Keys = AddHunYuanKeys,
        },
    ];

    private static void AddPredictions(ModelConfig config, KeyList keys)
    {
        if (config.BlockCount > config.LayerCount)
        {
            keys.Set("nextn_predict_layers", (uint)(config.BlockCount - config.LayerCount));
        }
    }

    private static void AddCohereKeys(ModelConfig config, KeyList keys)
    {
        string[] kinds = [.. config.Find("mlp_layer_types").Elements().Select(static kind => kind.GetText())];
        int dense = kinds.Length == 0
            ? config.FindCount("first_k_dense_replace") ?? 0
            : kinds.TakeWhile(static kind => kind == "dense").Count();
        int width = config.GetCount("intermediate_size");
        keys.Set("logit_scale", (float)config.GetNumber("logit_scale"));
        keys.Set("attention.sliding_window", (uint)config.GetCount("sliding_window"));
        keys.Set("attention.sliding_window_pattern", config.GetWindowLayers());
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("expert_feed_forward_length", (uint)width);
        keys.Set("leading_dense_block_count", (uint)dense);
        keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(false));
        if (config.FindCount("num_shared_experts") is > 0 and int shared)
        {
            JsonField strategy = config.Find("shared_expert_combination_strategy");
            if (strategy.FindText() is not (null or "average"))
            {
                throw strategy.Wrong("average");
            }

            keys.Set("expert_shared_count", (uint)shared);
            keys.Set("expert_shared_feed_forward_length", (uint)(width * shared));
        }

        keys.Set("rope.dimension_count", (uint)config.HeadSize);
        keys.Set("rope.scaling.type", "none");
        AddPredictions(config, keys);
    }

    /// <summary>
    /// What predicts tokens ahead is behind the other layers. Joined matrices of float8 are in the order of several devices.
    /// </summary>
    private static string RenameMiMo(ModelConfig config, string name)
    {
        const string Start = "model.mtp.layers.";
        if (name.EndsWith(".qkv_proj.weight_scale_inv", StringComparison.Ordinal))
        {
            throw new UnsupportedModelException(
                $"{config.File}: {Printable.Shorten(name)}: joined queries, keys and values of float8 are not read; "
                + "take a model that is not quantized");
        }

        string[] parts = name.StartsWith(Start, StringComparison.Ordinal) ? name[Start.Length..].Split('.', 2) : [];
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? $"model.layers.{(long)config.LayerCount + index}.{parts[1]}"
            : name;
    }

    private static void AddMiMoKeys(ModelConfig config, KeyList keys)
    {
        foreach ((string windowed, string key) in ((string, string)[])
            [
                ("swa_head_dim", "head_dim"), ("swa_num_attention_heads", "num_attention_heads"), ("swa_v_head_dim", "v_head_dim"),
            ])
        {
            int expected = config.GetCount(key);
            if (config.GetCount(windowed) != expected)
            {
                throw config.Find(windowed).Wrong($"{expected}, as {key}");
            }
        }

        JsonField pattern = config.Find("hybrid_layer_pattern");
        int[] windows = [.. pattern.Elements().Select(static layer => layer.GetCount(1)), .. Enumerable.Repeat(1, MiMoPredictions)];
        if (windows.Length != config.BlockCount)
        {
            throw pattern.Wrong($"{config.LayerCount} numbers, one for each layer");
        }

        int windowHeads = config.GetCount("swa_num_key_value_heads");
        keys.Set("attention.head_count_kv", windows.Select(window => window == 1 ? windowHeads : config.KeyHeadCount).ToArray());
        keys.Set("attention.sliding_window", (uint)config.GetCount("sliding_window"));
        keys.Set("attention.sliding_window_pattern", windows);
        keys.Set("attention.value_length", (uint)config.GetCount("v_head_dim"));
        keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
        double share = config.Rope["partial_rotary_factor"] is { Exists: true } found ? found.GetNumber()
            : config.GetNumber("partial_rotary_factor");
        keys.Set("rope.dimension_count", (uint)(config.HeadSize * share));
        keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("layernorm_epsilon"));
        if (config.FindNumber("attention_value_scale") is { } scale)
        {
            keys.Set("attention.value_scale", (float)scale);
        }

        AddPredictions(config, keys);
    }

    private static void AddStepKeys(ModelConfig config, KeyList keys)
    {
        if (config.Find("rope_theta") is { Count: > 1 } thetas)
        {
            keys.Set("rope.freq_base", (float)thetas[0].GetNumber());
            keys.Set("rope.freq_base_swa", (float)thetas[1].GetNumber());
        }

        bool[] windows = ReadStepWindows(config);
        JsonField other = config.Find("attention_other_setting");
        int[] Choose(string key)
        {
            int full = config.GetCount(key);
            int windowed = other[key].Exists ? other[key].GetCount(int.MaxValue) : full;
            return [.. windows.Select(window => window ? windowed : full)];
        }

        keys.Set("attention.head_count", Choose("num_attention_heads"));
        keys.Set("attention.head_count_kv", Choose("num_attention_groups"));
        keys.Set("attention.sliding_window", (uint)config.GetCount("sliding_window"));
        keys.Set("attention.sliding_window_pattern", windows);
        keys.Set("attention.value_length", (uint)config.GetCount("head_dim"));
        AddStepExperts(config, keys);
        AddLimits(config, keys, "swiglu_clamp_exp", "swiglu_limits");
        AddLimits(config, keys, "swiglu_clamp_shexp", "swiglu_limits_shared");
        AddPredictions(config, keys);
    }

    private static void AddStepExperts(ModelConfig config, KeyList keys)
    {
        keys.Set("expert_count", (uint)config.GetCount("moe_num_experts"));
        keys.Set("expert_used_count", (uint)config.GetCount("moe_top_k"));
        keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
        keys.Set("expert_shared_feed_forward_length", (uint)config.GetCount("share_expert_dim"));
        if (config.FindNumber("moe_router_scaling_factor") is { } scale)
        {
            keys.Set("expert_weights_scale", (float)scale);
        }

        if (config.Find("norm_expert_weight").FindFlag() is { } normalizes)
        {
            keys.Set("expert_weights_norm", normalizes);
        }

        JsonField listed = config.Find("moe_layers_enum");
        string[] layers = listed.FindText()?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        uint first = layers.Length == 0 ? 0 : layers.Min(
            layer => uint.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
                ? number : throw listed.Wrong("numbers of layers, divided by commas"));
        keys.Set("leading_dense_block_count", first);
        keys.Set("moe_every_n_layers", (uint)(config.FindCount("moe_every_n_layer") ?? 1));
    }

    /// <summary>Reads which layers have a window. They turn all elements of a head, the others half of them.</summary>
    private static bool[] ReadStepWindows(ModelConfig config)
    {
        bool[] windows = new bool[config.BlockCount];
        JsonField types = config.Find("layer_types");
        JsonField shares = config.Find("partial_rotary_factors");
        for (int layer = 0; layer < windows.Length; layer++)
        {
            windows[layer] = layer < types.Count && types[layer].GetText() == "sliding_attention";
            double expected = windows[layer] ? 1 : 0.5;
            double share = layer < shares.Count ? shares[layer].GetNumber() : 0.5;
            if (share != expected)
            {
                throw shares.Wrong(FormattableString.Invariant($"{expected} for layer {layer}"));
            }
        }

        return windows;
    }

    private static void AddLimits(ModelConfig config, KeyList keys, string key, string field)
    {
        float[] limits = [.. config.Find(field).Elements().Select(static limit => limit.Exists ? (float)limit.GetNumber() : 0)];
        if (limits.Length > 0)
        {
            Array.Resize(ref limits, config.BlockCount);
            keys.Set(key, limits);
        }
    }

    private static void AddHunYuanKeys(ModelConfig config, KeyList keys)
    {
        int width = config.GetCount("moe_intermediate_size");
        keys.Set("expert_feed_forward_length", (uint)width);
        keys.Set("expert_shared_feed_forward_length", (uint)(width * (config.FindCount("num_shared_experts") ?? 1)));
        keys.Set("expert_weights_norm", config.Find("route_norm").GetFlag(true));
        keys.Set("expert_weights_scale", (float)(config.FindNumber("router_scaling_factor") ?? 1));
        keys.Set("expert_gating_func", 2u);
        AddPredictions(config, keys);
    }
}
