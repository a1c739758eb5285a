using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Formats;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Adds the keys of the architecture: those that every model has, then those of its family.</summary>
internal static class ModelKeys
{
    private const int MaxBytes = 1 << 20;
    private const uint QuantizationVersion = 2;

    /// <summary>The positions of a token in a video: time, height, width and a spare one.</summary>
    private const int PositionKinds = 4;

    // Whole numbers by the names that configurations have for them. Source: llama.cpp v0.5.0, TextModel.set_gguf_parameters.
    private static readonly (string Key, string[] Fields)[] Counts =
    [
        ("context_length", ["max_position_embeddings", "n_ctx", "n_positions", "max_length", "max_sequence_length", "model_max_length"]),
        ("embedding_length", ["hidden_size", "n_embd", "dim"]),
        (
            "feed_forward_length",
            ["prefix_dense_intermediate_size", "dense_intermediate_size", "intermediate_size", "n_inner", "hidden_dim"]),
        ("attention.head_count", ["num_attention_heads", "n_head", "n_heads"]),
        ("attention.head_count_kv", ["num_key_value_heads", "n_kv_heads"]),
        ("expert_count", ["num_local_experts", "num_experts", "n_routed_experts"]),
        ("expert_used_count", ["num_experts_per_tok", "num_experts_per_token", "top_k_experts"]),
        ("expert_group_count", ["n_group"]),
        ("expert_group_used_count", ["topk_group"]),
    ];

    private static readonly (string Key, string[] Fields)[] Numbers =
    [
        ("attention.layer_norm_rms_epsilon", ["rms_norm_eps", "norm_eps"]),
        ("attention.layer_norm_epsilon", ["layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"]),
    ];

    private static readonly string[] ThetaFields =
        ["global_rope_theta", "rope_global_theta", "rope_theta_global", "rope_theta", "rotary_emb_base"];

    private static readonly string[] LocalThetaFields =
        ["local_rope_theta", "rope_local_theta", "rope_theta_local", "swa_rope_theta", "rope_local_base_freq"];

    /// <summary>Adds the keys.</summary>
    public static void Add(KeyList keys, ModelConfig config, ModelFamily family, string folder, TensorType type)
    {
        keys.Set("block_count", (uint)config.BlockCount);
        foreach ((string key, string[] fields) in Counts)
        {
            AddCount(keys, config, key, fields);
        }

        if (config.Find("is_causal").FindFlag() == false)
        {
            keys.Set("attention.causal", false);
        }

        AddRope(keys, config);
        foreach ((string key, string[] fields) in Numbers)
        {
            if (config.FindNumber(fields) is { } number)
            {
                keys.Set(key, (float)number);
            }
        }

        AddGating(keys, config);
        if (config.WritesHeadSize)
        {
            keys.Set("attention.key_length", (uint)config.HeadSize);
            keys.Set("attention.value_length", (uint)config.HeadSize);
        }

        keys.SetWhole("general.file_type", FileType(config, type));
        family.Keys?.Invoke(config, keys);
        if (family.Pools)
        {
            AddPooling(keys, folder);
        }

        keys.SetWhole("general.quantization_version", QuantizationVersion);
    }

    /// <summary>Adds a whole number, or one for each layer, if the configuration has it.</summary>
    public static void AddCount(KeyList keys, ModelConfig config, string key, params ReadOnlySpan<string> fields)
    {
        JsonField field = config.Find(fields);
        if (field.Kind == JsonValueKind.Array)
        {
            keys.Set(key, field.Elements().Select(static count => count.GetCount(int.MaxValue)).ToArray());
        }
        else if (config.FindCount(fields) is { } count)
        {
            keys.Set(key, (uint)count);
        }
    }

    /// <summary>Adds a number, if the configuration has it and it is not 0.</summary>
    public static void AddNumber(KeyList keys, ModelConfig config, string key, string field)
    {
        if (config.FindNumber(field) is { } number and not 0)
        {
            keys.Set(key, (float)number);
        }
    }

    /// <summary>Adds the keys of a model whose positions see later ones, too.</summary>
    public static void AddDiffusion(KeyList keys, ModelConfig config)
    {
        keys.Set("attention.causal", false);
        if (config.FindCount("mask_token_id") is { } mask)
        {
            keys.SetWhole("tokenizer.ggml.mask_token_id", (uint)mask);
        }
    }

    private static uint FileType(ModelConfig config, TensorType type) => type switch
    {
        // LLAMA_FTYPE_MOSTLY_MXFP4_MOE: most numbers are those of the experts, whatever the type of the others
        not TensorType.Q8_0 when config.Find("quantization_config")["quant_method"].FindText() == FourBitRows.Method => 38,
        TensorType.F32 => 0,
        TensorType.F16 => 1,
        TensorType.Q8_0 => 7,
        _ => 32,
    };

    private static void AddRope(KeyList keys, ModelConfig config)
    {
        JsonField rope = config.FullRope;
        AddRopeScaling(keys, config, rope, rope["rope_type"].FindText() ?? rope["type"].FindText());
        int[] sections = [.. config.Rope["mrope_section"].Elements().Select(static section => section.GetCount(int.MaxValue))];
        if (sections.Length > 0)
        {
            Array.Resize(ref sections, PositionKinds);
            keys.Set("rope.dimension_sections", sections);
        }

        double? theta = rope["rope_theta"].Exists ? rope["rope_theta"].GetNumber() : config.FindTheta(ThetaFields);
        if (theta is { } full)
        {
            keys.Set("rope.freq_base", (float)full);
        }

        JsonField local = config.Rope["sliding_attention"]["rope_theta"];
        if ((local.Exists ? local.GetNumber() : config.FindNumber(LocalThetaFields)) is { } window)
        {
            keys.Set("rope.freq_base_swa", (float)window);
        }
    }

    private static void AddRopeScaling(KeyList keys, ModelConfig config, JsonField rope, string? type)
    {
        switch (type)
        {
            case null or "default" or "llama3" or "dynamic" or "proportional" or "mrope":
                break; // the plain embedding, or one that the family computes
            case "linear":
                keys.Set("rope.scaling.type", "linear");
                keys.Set("rope.scaling.factor", (float)rope["factor"].GetNumber());
                break;
            case "yarn":
                keys.Set("rope.scaling.type", "yarn");
                keys.Set("rope.scaling.factor", (float)rope["factor"].GetNumber());
                JsonField original = rope["original_max_position_embeddings"];
                keys.Set(
                    "rope.scaling.original_context_length",
                    (uint)(original.Exists ? original.GetCount(int.MaxValue) : config.GetCount("original_max_position_embeddings")));
                AddYarn(keys, rope);
                break;
            case "su" or "longrope":
                keys.Set("rope.scaling.type", "longrope");
                break;
            default:
                throw new UnsupportedModelException(
                    $"{config.File}: the rotary embedding of the type \"{Printable.Shorten(type)}\" is not supported");
        }
    }

    private static void AddYarn(KeyList keys, JsonField rope)
    {
        foreach ((string key, string[] fields) in ((string, string[])[])
            [
                ("rope.scaling.yarn_ext_factor", ["extrapolation_factor"]),
                ("rope.scaling.yarn_attn_factor", ["attention_factor", "attn_factor"]),
                ("rope.scaling.yarn_beta_fast", ["beta_fast"]),
                ("rope.scaling.yarn_beta_slow", ["beta_slow"]),
            ])
        {
            if (Array.Find(fields, field => rope[field].Exists) is { } found)
            {
                keys.Set(key, (float)rope[found].GetNumber());
            }
        }
    }

    private static void AddGating(KeyList keys, ModelConfig config)
    {
        JsonField field = config.Find(
            "score_function", "scoring_func", "score_func", "moe_router_activation", "moe_router_activation_func", "expert_selection_fn");
        if (field.Exists)
        {
            keys.Set("expert_gating_func", field.GetText() switch
            {
                "softmax" => 1u,
                "sigmoid" => 2u,
                "sqrtsoftplus" => 4u,
                _ => throw field.Wrong("softmax, sigmoid or sqrtsoftplus"),
            });
        }
    }

    private static void AddPooling(KeyList keys, string folder)
    {
        string modules = Path.Join(folder, "modules.json");
        if (!Path.Exists(modules))
        {
            return;
        }

        foreach (JsonField module in JsonField.ReadArray(modules, MaxBytes).Elements())
        {
            string path = module["path"].FindText() ?? "";
            if (module["type"].GetText().EndsWith("Pooling", StringComparison.Ordinal))
            {
                bool isPlain = path.IndexOfAny(['/', '\\', ':']) < 0 && path != "..";
                path = isPlain ? path : throw module["path"].Wrong("a folder in the model's folder");
                keys.Set("pooling_type", ReadPooling(JsonField.Read(Path.Join(folder, path, "config.json"), MaxBytes)));
                return;
            }
        }
    }

    private static uint ReadPooling(JsonField config)
    {
        foreach ((string mode, uint value) in ((string, uint)[])[("mean_tokens", 1), ("cls_token", 2), ("lasttoken", 3)])
        {
            if (config[$"pooling_mode_{mode}"].GetFlag(false))
            {
                return value;
            }
        }

        return config["pooling_mode"].FindText() switch
        {
            "mean" => 1,
            "cls" => 2,
            "lasttoken" => 3,
            _ => throw config["pooling_mode"].Wrong("mean, cls or lasttoken"),
        };
    }
}
