using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>The text side of Gemma 3n and 4, whose layers have inputs of their own. Their norms are as in the file.</summary>
internal static class LayerInputFamilies
{
    private const int Streams = 4;
    private const int MaxHeadSize = 1 << 16;

    /// <summary>The factor that stops the rotation of a pair.</summary>
    private const float NoRotation = 1e30f;

    private static readonly NameRule[] Names =
    [
        .. GemmaFamilies.Names,
        new("model.per_layer_model_projection", "per_layer_model_proj"),
        new("model.per_layer_projection_norm", "per_layer_proj_norm"),
        new("model.layers.*.per_layer_input_gate", "blk.*.inp_gate"),
        new("model.layers.*.per_layer_projection", "blk.*.proj"),
        new("model.layers.*.post_per_layer_input_norm", "blk.*.post_norm"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Gemma3nForCausalLM", "Gemma3nForConditionalGeneration"],
            Architecture = "gemma3n",
            Names =
            [
                new("model.embed_tokens", "token_embd", RowChange.PadTokens),
                new("model.embed_tokens_per_layer", "per_layer_token_embd", RowChange.PadTokens),
                .. Names,
                new("model.layers.*.altup.correction_coefs", "blk.*.altup_correct_coef"),
                new("model.layers.*.altup.correct_output_scale", "blk.*.altup_correct_scale"),
                new("model.layers.*.altup.prediction_coefs", "blk.*.altup_predict_coef"),
                new("model.layers.*.altup.modality_router", "blk.*.altup_router"),
                new("model.layers.*.altup.router_norm", "blk.*.altup_router_norm"),
                new("model.layers.*.laurel.linear_left", "blk.*.laurel_l"),
                new("model.layers.*.laurel.linear_right", "blk.*.laurel_r"),
                new("model.layers.*.laurel.post_laurel_norm", "blk.*.laurel_post_norm"),
            ],
            Stacks =
            [
                ("model.altup_projections", "altup_proj", Streams - 1),
                ("model.altup_unembed_projections", "altup_unembd_proj", Streams - 1),
            ],
            Rename = static (_, name) => name.StartsWith("model.altup_", StringComparison.Ordinal) ? null : name, // those of Stacks
            Defaults = new Dictionary<string, double>(GemmaFamilies.Defaults)
            {
                ["num_key_value_heads"] = 2,
                ["max_position_embeddings"] = 32768,
                ["sliding_window"] = 512,
                ["final_logit_softcapping"] = 30,
                ["vocab_size"] = 262400,
                ["altup_num_inputs"] = Streams,
                ["altup_active_idx"] = 0,
                ["hidden_size_per_layer_input"] = 256,
                ["num_kv_shared_layers"] = 15,
            },
            Keys = AddGemma3nKeys,
        },
        new()
        {
            Classes = ["Gemma4ForCausalLM", "Gemma4ForConditionalGeneration"],
            Architecture = "gemma4",
            Names =
            [
                .. Names,
                new("model.embed_tokens_per_layer", "per_layer_token_embd"),
                new("model.layers.*.layer_scalar", "blk.*.layer_output_scale"),
                new("model.layers.*.pre_feedforward_layernorm_2", "blk.*.pre_ffw_norm_2"),
                new("model.layers.*.post_feedforward_layernorm_1", "blk.*.post_ffw_norm_1"),
                new("model.layers.*.post_feedforward_layernorm_2", "blk.*.post_ffw_norm_2"),
                new("model.layers.*.router.proj", "blk.*.ffn_gate_inp"),
                new("model.layers.*.router.scale", "blk.*.ffn_gate_inp.scale."),
                new("model.layers.*.router.per_expert_scale", "blk.*.ffn_down_exps.scale."),
                new("model.layers.*.experts.gate_up_proj", "blk.*.ffn_gate_up_exps"),
                new("model.layers.*.experts.down_proj", "blk.*.ffn_down_exps"),
            ],
            Defaults = new Dictionary<string, double>(GemmaFamilies.Defaults)
            {
                ["sliding_window"] = 512,
                ["vocab_size"] = 262144,
                ["num_kv_shared_layers"] = 0,
            },
            Keys = AddGemma4Keys,
            FinalKeys = static (_, keys) =>
            {
                keys.SetWhole("tokenizer.ggml.add_space_prefix", false);
                keys.SetWhole("tokenizer.ggml.add_bos_token", true);
            },
            Computed = static config => [("rope_freqs.weight", ComputeFactors(config))],
        },
    ];

    private static void AddGemma3nKeys(ModelConfig config, KeyList keys)
    {
        GemmaFamilies.AddGemma3Keys(config, keys);
        int streams = config.GetCount("altup_num_inputs");
        keys.Set("altup.active_idx", (uint)config.GetCount("altup_active_idx"));
        keys.Set("altup.num_inputs", streams == Streams
            ? (uint)streams
            : throw new UnsupportedModelException($"{config.File}: altup_num_inputs is {streams}; models with {Streams} can be converted"));
        AddLayerInputs(config, keys);
        JsonField field = config.Find("activation_sparsity_pattern");
        float[] cutoffs = [.. field.Elements().Select(share => ComputeCutoff(share))];
        keys.Set("activation_sparsity_scale", cutoffs.Length == config.LayerCount
            ? cutoffs
            : throw field.Wrong($"{config.LayerCount} numbers, one for each layer"));
    }

    private static void AddLayerInputs(ModelConfig config, KeyList keys)
    {
        keys.Set("embedding_length_per_layer_input", (uint)(config.FindCount("hidden_size_per_layer_input") ?? 0));
        keys.Set("attention.shared_kv_layers", (uint)config.GetCount("num_kv_shared_layers"));
        keys.Set("attention.sliding_window_pattern", config.GetWindowLayers());
    }

    /// <summary>Computes below which number of standard deviations a share of a normal distribution is.</summary>
    private static float ComputeCutoff(JsonField field)
    {
        double share = field.GetNumber();
        if (share is not (>= 0 and < 1))
        {
            throw field.Wrong("a number from 0 to below 1");
        }

        return NormalQuantile.InvertErrorFunction((2 * (float)share) - 1) * (float)Math.Sqrt(2);
    }

    private static void AddGemma4Keys(ModelConfig config, KeyList keys)
    {
        GemmaFamilies.AddGemma3Keys(config, keys);
        AddLayerInputs(config, keys);
        int headSize = GetFullHeadSize(config);
        keys.Set("attention.key_length", (uint)headSize);
        keys.Set("attention.value_length", (uint)headSize);
        keys.Set("attention.key_length_swa", (uint)config.HeadSize);
        keys.Set("attention.value_length_swa", (uint)config.HeadSize);
        keys.Set("rope.dimension_count", (uint)headSize);
        double share = config.Rope["partial_rotary_factor"] is { Exists: true } found ? found.GetNumber() : 1;
        keys.Set("rope.dimension_count_swa", (uint)(config.HeadSize * share));
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "expert_intermediate_size", "moe_intermediate_size");
        if (config.Find("use_double_wide_mlp").GetFlag(false))
        {
            int width = config.GetCount("intermediate_size");
            int first = config.LayerCount - config.GetCount("num_kv_shared_layers");
            keys.Set(
                "feed_forward_length",
                Enumerable.Range(0, config.LayerCount).Select(layer => layer < first ? width : checked(2 * width)).ToArray());
        }

        if ((config.FindCount("num_global_key_value_heads") ?? FindOfFullLayers(config, "num_key_value_heads")) is { } heads)
        {
            keys.Set(
                "attention.head_count_kv",
                config.GetWindowLayers().Select(hasWindow => hasWindow ? config.KeyHeadCount : heads).ToArray());
        }
    }

    /// <summary>Gets the width of the heads of layers that see everything.</summary>
    private static int GetFullHeadSize(ModelConfig config) =>
        config.FindCount("global_head_dim") ?? FindOfFullLayers(config, "head_dim") ?? config.GetCount("global_head_dim");

    /// <summary>Finds a number that the configuration has for the layers that see everything alone.</summary>
    private static int? FindOfFullLayers(ModelConfig config, string key)
    {
        JsonField layers = config.Find("per_layer_config");
        bool[] hasWindow = config.GetWindowLayers();
        JsonField found = Enumerable.Range(0, hasWindow.Length).Where(layer => !hasWindow[layer])
            .Select(layer => layers[$"{layer}"][key]).FirstOrDefault(static field => field.Exists);
        return found.Exists ? found.GetCount(int.MaxValue) : null;
    }

    /// <summary>Computes the factors of layers that see everything: the first pairs of a head rotate, the others do not.</summary>
    private static float[] ComputeFactors(ModelConfig config)
    {
        JsonField type = config.FullRope["rope_type"];
        if (type.FindText() != "proportional")
        {
            throw type.Wrong("proportional");
        }

        int headSize = GetFullHeadSize(config) is <= MaxHeadSize and int size ? size : throw config.Find("global_head_dim").Wrong(
            $"at most {MaxHeadSize}");
        double share = config.FullRope["partial_rotary_factor"].GetNumber();
        int rotating = share is >= 0 and <= 1
            ? (int)(headSize * share / 2)
            : throw config.FullRope["partial_rotary_factor"].Wrong("a number from 0 to 1");
        var factors = new float[headSize / 2];
        Array.Fill(factors, NoRotation);
        Array.Fill(factors, 1f, 0, rotating);
        return factors;
    }
}
