using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>Qwen 3 Next and Qwen 3.5, which mix gated delta nets with attention; the text side of Qwen 3.5's models that see.</summary>
internal static class DeltaNetFamilies
{
    private const string Layers = "model.layers.";
    private const string Ahead = "mtp.";

    private static readonly NameRule[] Names =
    [
        .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.FeedForward, .. CommonNames.Experts,
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
        new("model.layers.*.linear_attn.norm", "blk.*.ssm_norm"),
        new("model.layers.*.eh_proj", "blk.*.nextn.eh_proj"),
        new("model.layers.*.enorm", "blk.*.nextn.enorm"),
        new("model.layers.*.hnorm", "blk.*.nextn.hnorm"),
        new("model.layers.*.shared_head.norm", "blk.*.nextn.shared_head_norm"),
    ];

    private static readonly NameRule[] NextNames =
    [
        .. Names,
        new("model.layers.*.linear_attn.in_proj_qkvz", "blk.*.attn_qkv|blk.*.attn_gate", RowChange.UngroupDeltaNet),
        new("model.layers.*.linear_attn.in_proj_ba", "blk.*.ssm_ba"),
        new("model.layers.*.linear_attn.conv1d", "blk.*.ssm_conv1d", RowChange.Squeeze),
        new("model.layers.*.linear_attn.dt_bias", "blk.*.ssm_dt.bias"),
        new("model.layers.*.linear_attn.A_log", "blk.*.ssm_a.", RowChange.NegateExponential),
        new("model.layers.*.linear_attn.out_proj", "blk.*.ssm_out"),
    ];

    private static readonly NameRule[] TiledNames =
    [
        .. Names,
        new("model.layers.*.linear_attn.in_proj_qkv", "blk.*.attn_qkv", RowChange.TileValueRows),
        new("model.layers.*.linear_attn.in_proj_z", "blk.*.attn_gate", RowChange.TileValueRows),
        new("model.layers.*.linear_attn.in_proj_a", "blk.*.ssm_alpha", RowChange.TileValueHeads),
        new("model.layers.*.linear_attn.in_proj_b", "blk.*.ssm_beta", RowChange.TileValueHeads),
        new("model.layers.*.linear_attn.conv1d", "blk.*.ssm_conv1d", RowChange.TileValueRows),
        new("model.layers.*.linear_attn.dt_bias", "blk.*.ssm_dt.bias", RowChange.TileValueHeads),
        new("model.layers.*.linear_attn.A_log", "blk.*.ssm_a.", RowChange.TileValueRates),
        new("model.layers.*.linear_attn.out_proj", "blk.*.ssm_out", RowChange.TileValueColumns),
    ];

    private static readonly Dictionary<string, double> Defaults = new()
    {
        ["head_dim"] = 256,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000,
        ["max_position_embeddings"] = 32768,
        ["linear_conv_kernel_dim"] = 4,
        ["linear_key_head_dim"] = 128,
        ["linear_value_head_dim"] = 128,
        ["linear_num_key_heads"] = 16,
        ["linear_num_value_heads"] = 32,
    };

    private static readonly ModelFamily Next = new()
    {
        Classes = ["Qwen3NextForCausalLM"],
        Architecture = "qwen3next",
        Names = NextNames,
        Defaults = Defaults,
        ShiftsNorms = true,
        PlainNorm = "linear_attn.norm.weight",
        Rename = RenameAhead,
        KeepsMovedRouters = true,
        PredictingLayers = CountAhead,
        Keys = AddKeys,
    };

    private static readonly ModelFamily Tiled = Next with
    {
        Classes = ["Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"],
        Architecture = "qwen35",
        Names = TiledNames,
        Keys = static (config, keys) =>
        {
            AddKeys(config, keys);
            if (config.Rope["mrope_section"].Count == 0)
            {
                keys.Set("rope.dimension_sections", (int[])[11, 11, 10, 0]);
            }
        },
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        Next,
        Tiled,
        Tiled with { Classes = ["Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"], Architecture = "qwen35moe" },
    ];

    private static void AddKeys(ModelConfig config, KeyList keys)
    {
        QwenFamilies.AddExpertKeys(config, keys);
        if (config.BlockCount > config.LayerCount)
        {
            keys.Set("nextn_predict_layers", (uint)(config.BlockCount - config.LayerCount));
        }

        int heads = config.GetCount("linear_num_value_heads");
        keys.Set("ssm.conv_kernel", (uint)config.GetCount("linear_conv_kernel_dim"));
        keys.Set("ssm.state_size", (uint)config.GetCount("linear_key_head_dim"));
        keys.Set("ssm.group_count", (uint)config.GetCount("linear_num_key_heads"));
        keys.Set("ssm.time_step_rank", (uint)heads);
        keys.Set("ssm.inner_size", (uint)(config.GetCount("linear_value_head_dim") * heads));
        int interval = config.FindCount("full_attention_interval") ?? 4;
        keys.Set("full_attention_interval", (uint)interval);
        keys.Set("attention.recurrent_layers", FindRecurrentLayers(config, interval));
        keys.Set("rope.dimension_count", (uint)(config.HeadSize * config.GetRotaryShare(0.25)));
    }

    private static bool[] FindRecurrentLayers(ModelConfig config, int interval)
    {
        bool[] recurrent = config.FindLayerTypes() is { } types
            ? [.. types.Select(static type => type == "linear_attention")]
            : [.. Enumerable.Range(1, config.LayerCount).Select(layer => interval > 0 && layer % interval != 0)];
        Array.Resize(ref recurrent, config.BlockCount); // layers that predict ahead have attention
        return recurrent;
    }

    /// <summary>Counts the layers in the files: retrained models lack those that their configuration still has.</summary>
    public static int CountAhead(ModelConfig config) => config.TensorNames
        .Select(static name => TakeAhead(name) is { } part && part.Split('.') is ["layers", var number, _, ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index + 1L : 0)
        .Select(static count => (int)Math.Min(count, int.MaxValue))
        .DefaultIfEmpty()
        .Max();

    /// <summary>Names the tensors of layers that predict tokens ahead as those of layers behind the others.</summary>
    public static string RenameAhead(ModelConfig config, string name)
    {
        if (TakeAhead(name) is not { } part)
        {
            return name;
        }

        string[] parts = part.Split('.', 3);
        if (parts.Length == 3 && parts[0] == "layers"
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            return $"{Layers}{config.LayerCount + (long)index}.{parts[2]}";
        }

        string? role = parts[0] switch
        {
            "fc" => "eh_proj",
            "pre_fc_norm_embedding" => "enorm",
            "pre_fc_norm_hidden" => "hnorm",
            "norm" => "shared_head.norm",
            _ => null,
        };
        return role is null || parts.Length != 2 ? name : $"{Layers}{config.LayerCount}.{role}.{parts[1]}";
    }

    private static string? TakeAhead(string name)
    {
        name = name.StartsWith(CommonNames.Prefix + Ahead, StringComparison.Ordinal) ? name[CommonNames.Prefix.Length..] : name;
        return name.StartsWith(Ahead, StringComparison.Ordinal) ? name[Ahead.Length..] : null;
    }
}
