using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Models whose layers are state spaces, attention, feed-forwards or experts: Jamba, Nemotron H and Nemotron 3.</summary>
internal static class MixedFamilies
{
    private static readonly NameRule[] JambaNames =
    [
        .. CommonNames.Ends, .. CommonNames.Attention, .. HybridFamilies.Mamba("model.layers.*.mamba"),
        .. HybridFamilies.Mamba1("model.layers.*.mamba"),
        new("model.final_layernorm", "output_norm"),
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.pre_ff_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.pre_moe_layernorm", "blk.*.ffn_norm"),
        new("model.layers.*.mamba.dt_layernorm", "blk.*.ssm_dt_norm"),
        new("model.layers.*.mamba.b_layernorm", "blk.*.ssm_b_norm"),
        new("model.layers.*.mamba.c_layernorm", "blk.*.ssm_c_norm"),
        new("model.layers.*.feed_forward.router", "blk.*.ffn_gate_inp"),
        new("model.layers.*.feed_forward.gate_proj", "blk.*.ffn_gate"),
        new("model.layers.*.feed_forward.up_proj", "blk.*.ffn_up"),
        new("model.layers.*.feed_forward.down_proj", "blk.*.ffn_down"),
        new("model.layers.*.feed_forward.experts.#.gate_proj", "blk.*.ffn_gate_exps"),
        new("model.layers.*.feed_forward.experts.#.up_proj", "blk.*.ffn_up_exps"),
        new("model.layers.*.feed_forward.experts.#.down_proj", "blk.*.ffn_down_exps"),
    ];

    private static readonly NameRule[] NemotronNames =
    [
        .. HybridFamilies.Mamba("backbone.layers.*.mixer"), .. HybridFamilies.Mamba2("backbone.layers.*.mixer"),
        new("backbone.embeddings", "token_embd"),
        new("backbone.norm_f", "output_norm"),
        new("lm_head", "output"),
        new("backbone.layers.*.norm", "blk.*.attn_norm"),
        new("backbone.layers.*.mixer.q_proj", "blk.*.attn_q", RowChange.PermuteQuery),
        new("backbone.layers.*.mixer.k_proj", "blk.*.attn_k", RowChange.PermuteKey),
        new("backbone.layers.*.mixer.v_proj", "blk.*.attn_v"),
        new("backbone.layers.*.mixer.o_proj", "blk.*.attn_output"),
        new("backbone.layers.*.mixer.up_proj", "blk.*.ffn_up"),
        new("backbone.layers.*.mixer.down_proj", "blk.*.ffn_down"),
    ];

    private static readonly NameRule[] NemotronExperts =
    [
        new("backbone.layers.*.mixer.gate", "blk.*.ffn_gate_inp"),
        new("backbone.layers.*.mixer.gate.e_score_correction", "blk.*.exp_probs_b"),
        new("backbone.layers.*.mixer.experts.#.up_proj", "blk.*.ffn_up_exps"),
        new("backbone.layers.*.mixer.experts.#.down_proj", "blk.*.ffn_down_exps"),
        new("backbone.layers.*.mixer.shared_experts.up_proj", "blk.*.ffn_up_shexp"),
        new("backbone.layers.*.mixer.shared_experts.down_proj", "blk.*.ffn_down_shexp"),
        new("backbone.layers.*.mixer.fc1_latent_proj", "blk.*.ffn_latent_down"),
        new("backbone.layers.*.mixer.fc2_latent_proj", "blk.*.ffn_latent_up"),
        new("backbone.layers.*.enorm", "blk.*.nextn.enorm"),
        new("backbone.layers.*.hnorm", "blk.*.nextn.hnorm"),
        new("backbone.layers.*.eh_proj", "blk.*.nextn.eh_proj"),
        new("backbone.layers.*.final_layernorm", "blk.*.nextn.shared_head_norm"),
        new("backbone.layers.*.post_norm", "blk.*.post_attention_norm"),
    ];

    private static readonly ModelFamily NemotronH = new()
    {
        Classes = ["NemotronHForCausalLM"],
        Architecture = "nemotron_h",
        Names = NemotronNames,
        Rename = static (_, name) => NormalizeNemotron(name),
        Keys = static (config, keys) =>
        {
            AddNemotronKeys(config, keys);
            int width = config.GetCount("intermediate_size");
            keys.Set("feed_forward_length", FindKinds(config, '-', "mlp").Select(isDense => isDense ? width : 0).ToArray());
        },
        FinalKeys = static (_, keys) => keys.SetWhole("tokenizer.ggml.add_bos_token", true),
        Variant = ChooseNemotron,
    };

    private static readonly ModelFamily NemotronMoe = NemotronH with
    {
        Architecture = "nemotron_h_moe",
        Names = [.. NemotronNames, .. NemotronExperts],
        PredictingLayers = static config => config.FindCount("num_nextn_predict_layers") ?? 0,
        Rename = RenameNemotron,
        Keys = AddNemotronExpertKeys,
        FinalKeys = null,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["JambaForCausalLM"],
            Architecture = "jamba",
            Names = JambaNames,
            Rename = RenameJamba,
            Defaults = new Dictionary<string, double>
            {
                ["mamba_d_conv"] = 4, ["mamba_d_state"] = 16, ["rms_norm_eps"] = 1e-6, ["mamba_expand"] = 2,
                ["attn_layer_offset"] = 4, ["attn_layer_period"] = 8, ["expert_layer_offset"] = 1, ["expert_layer_period"] = 2,
            },
            Keys = AddJambaKeys,
        },
        NemotronH,
    ];

    /// <summary>The first Jamba files name all feed-forwards experts; where there is one, it is an ordinary one.</summary>
    private static string RenameJamba(ModelConfig config, string name)
    {
        name = name.Replace(".moe.", ".feed_forward.", StringComparison.Ordinal);
        string[] parts = name.Split('.', 4);
        if (parts.Length < 4 || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
        {
            return name;
        }

        int offset = config.GetCount("expert_layer_offset");
        bool hasExperts = layer >= offset && (layer - offset) % config.GetPositiveCount("expert_layer_period") == 0;
        return hasExperts ? name : name.Replace(".experts.0.", ".", StringComparison.Ordinal);
    }

    private static void AddJambaKeys(ModelConfig config, KeyList keys)
    {
        keys.Remove(DecoderFamilies.RopeKeys);
        keys.Remove("attention.layer_norm_epsilon", "rope.scaling.type");
        int offset = config.GetCount("attn_layer_offset");
        int period = config.GetPositiveCount("attn_layer_period");
        keys.Set(
            "attention.head_count_kv",
            Enumerable.Range(0, config.LayerCount)
                .Select(layer => layer >= offset && (layer - offset) % period == 0 ? config.KeyHeadCount : 0)
                .ToArray());
        keys.Set("attention.layer_norm_rms_epsilon", (float)(config.FindNumber("layer_norm_epsilon", "rms_norm_eps") ?? 1e-6));
        keys.Set("ssm.conv_kernel", (uint)config.GetCount("mamba_d_conv"));
        keys.Set("ssm.inner_size", (uint)(config.GetCount("mamba_expand") * config.HiddenSize));
        keys.Set("ssm.state_size", (uint)config.GetCount("mamba_d_state"));
        keys.Set("ssm.time_step_rank", (uint)(config.FindCount("mamba_dt_rank") ?? ((config.HiddenSize + 15) / 16)));
    }

    private static ModelFamily ChooseNemotron(JsonField config) =>
        config["num_experts_per_tok"].Exists || config["llm_config"]["num_experts_per_tok"].Exists ? NemotronMoe : NemotronH;

    private static string NormalizeNemotron(string name) =>
        name.StartsWith("model.layers.", StringComparison.Ordinal) && name.Contains(".mixer.", StringComparison.Ordinal)
            ? "backbone" + name["model".Length..]
            : name;

    /// <summary>What predicts tokens ahead is named as two layers, attention and experts, and becomes one.</summary>
    private static string? RenameNemotron(ModelConfig config, string name)
    {
        const string Attention = "mtp.layers.0.";
        const string Experts = "mtp.layers.1.";
        if (!name.StartsWith("mtp.", StringComparison.Ordinal))
        {
            return NormalizeNemotron(name);
        }

        if (config.BlockCount == config.LayerCount)
        {
            return null;
        }

        string layer = $"backbone.layers.{config.LayerCount}.";
        return name == $"{Experts}norm.weight" ? $"{layer}post_norm.weight"
            : name.StartsWith(Attention, StringComparison.Ordinal) || name.StartsWith(Experts, StringComparison.Ordinal)
                ? layer + name[Attention.Length..]
                : name;
    }

    /// <summary>Finds which layers are of a kind; layers that predict tokens ahead are of any.</summary>
    private static IEnumerable<bool> FindKinds(ModelConfig config, char letter, params string[] names)
    {
        JsonField field = config.Find("hybrid_override_pattern", "layers_block_type");
        bool[] found = field.Kind == JsonValueKind.String
            ? [.. field.GetText().Select(kind => kind == letter)]
            : [.. field.Elements().Select(kind => names.Contains(kind.GetText()))];
        return found.Length == config.LayerCount
            ? found.Concat(Enumerable.Repeat(true, config.BlockCount - config.LayerCount))
            : throw field.Wrong($"{config.LayerCount} kinds of layers");
    }

    private static void AddNemotronKeys(ModelConfig config, KeyList keys)
    {
        int headSize = config.GetCount("head_dim", "attention_head_dim");
        keys.Set("attention.key_length", (uint)headSize);
        keys.Set("attention.value_length", (uint)headSize);
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("rope.dimension_count", (uint)(config.HiddenSize / config.HeadCount));
        keys.Set("rope.scaling.finetuned", false);
        keys.Set("context_length", HybridFamilies.AnyContext);
        keys.Set(
            "attention.head_count_kv",
            FindKinds(config, '*', "attention", "full_attention").Select(attends => attends ? config.KeyHeadCount : 0).ToArray());
        int heads = config.GetCount("mamba_num_heads");
        keys.Set("ssm.conv_kernel", (uint)config.GetCount("conv_kernel", "mamba_d_conv"));
        keys.Set("ssm.inner_size", (uint)(heads * config.GetCount("mamba_head_dim")));
        keys.Set("ssm.state_size", (uint)config.GetCount("ssm_state_size", "state_size"));
        keys.Set("ssm.time_step_rank", (uint)heads);
        keys.Set("ssm.group_count", (uint)config.GetCount("n_groups"));
    }

    private static void AddNemotronExpertKeys(ModelConfig config, KeyList keys)
    {
        AddNemotronKeys(config, keys);
        int width = config.GetCount("moe_intermediate_size");
        keys.Set("feed_forward_length", FindKinds(config, 'E', "moe").Select(hasExperts => hasExperts ? width : 0).ToArray());
        keys.Set("expert_feed_forward_length", (uint)width);
        keys.Set("expert_shared_feed_forward_length", (uint)config.GetCount("moe_shared_expert_intermediate_size"));
        keys.Set("expert_shared_count", (uint)config.GetCount("n_shared_experts"));
        keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(true));
        keys.Set("expert_weights_scale", (float)config.GetNumber("routed_scaling_factor"));
        ModelKeys.AddCount(keys, config, "moe_latent_size", "moe_latent_size");
        if (config.BlockCount > config.LayerCount)
        {
            keys.Set("nextn_predict_layers", (uint)(config.BlockCount - config.LayerCount));
        }
    }
}
