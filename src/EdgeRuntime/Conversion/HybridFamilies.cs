using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Models with a state space: Mamba 1 and 2, and Granite 4 and Falcon H1, which mix Mamba 2 with attention.</summary>
internal static class HybridFamilies
{
    /// <summary>The context of models without positions: any number.</summary>
    internal const uint AnyContext = 1 << 20;

    private static readonly NameRule[] GraniteNames =
    [
        .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.PermutedAttention, .. LlamaFamilies.GraniteExperts,
        .. Mamba("model.layers.*.mamba"), .. Mamba2("model.layers.*.mamba"),
    ];

    private static readonly ModelFamily GraniteHybrid = LlamaFamilies.GraniteMoe with
    {
        Classes = ["GraniteMoeHybridForCausalLM"],
        Architecture = "granitehybrid",
        Names = GraniteNames,
        Keys = AddGraniteKeys,
        Variant = ChooseGranite,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["MambaForCausalLM", "MambaLMHeadModel", "FalconMambaForCausalLM"],
            Architecture = "mamba",
            Names = [.. MambaEnds, .. Mamba("backbone.layers.*.mixer"), .. Mamba1("backbone.layers.*.mixer")],
            Defaults = new Dictionary<string, double>(MambaDefaults) { ["state_size"] = 16 },
            Keys = static (config, keys) =>
            {
                AddMambaKeys(config, keys);
                keys.Set("ssm.inner_size", (uint)(config.FindCount("intermediate_size", "d_inner") ?? (2 * config.HiddenSize)));
                keys.Set("ssm.time_step_rank", (uint)(config.FindCount("time_step_rank", "dt_rank") ?? ((config.HiddenSize + 15) / 16)));
                keys.Set("ssm.dt_b_c_rms", config.Find("model_type").FindText() == "falcon_mamba");
            },
        },
        new()
        {
            Classes = ["Mamba2ForCausalLM"],
            Architecture = "mamba2",
            Names = [.. MambaEnds, .. Mamba("backbone.layers.*.mixer"), .. Mamba2("backbone.layers.*.mixer")],
            Defaults = new Dictionary<string, double>(MambaDefaults)
            {
                ["state_size"] = 128, ["head_dim"] = 64, ["expand"] = 2, ["n_groups"] = 1,
            },
            Keys = static (config, keys) =>
            {
                AddMambaKeys(config, keys);
                int inner = config.FindCount("mamba_d_ssm", "intermediate_size", "d_inner")
                    ?? (config.GetCount("expand") * config.HiddenSize);
                keys.Set("ssm.inner_size", (uint)inner);
                keys.Set("ssm.time_step_rank", (uint)(inner / config.GetPositiveCount("head_dim")));
                keys.Set("ssm.group_count", (uint)config.GetCount("n_groups"));
            },
        },
        GraniteHybrid,
        new()
        {
            Classes = ["FalconH1ForCausalLM"],
            Architecture = "falcon-h1",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.Attention, .. Mamba("model.layers.*.mamba"), .. Mamba2("model.layers.*.mamba"),
                new("model.final_layernorm", "output_norm"),
                new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
                new("model.layers.*.pre_ff_layernorm", "blk.*.ffn_norm."),
                new("model.layers.*.feed_forward.gate_proj", "blk.*.ffn_gate"),
                new("model.layers.*.feed_forward.up_proj", "blk.*.ffn_up"),
                new("model.layers.*.feed_forward.down_proj", "blk.*.ffn_down"),
            ],
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 100000, ["mamba_d_conv"] = 4 },
            Keys = AddFalconKeys,
            RowFactors = FindFalconFactors,
        },
    ];

    // Mamba has no heads; 1 stands for "no number in the file".
    private static Dictionary<string, double> MambaDefaults => new()
    {
        ["num_attention_heads"] = 1,
        ["conv_kernel"] = 4,
        ["layer_norm_epsilon"] = 1e-5,
    };

    private static NameRule[] MambaEnds =>
    [
        new("backbone.embeddings", "token_embd"),
        new("backbone.embedding", "token_embd"),
        new("backbone.norm_f", "output_norm"),
        new("lm_head", "output"),
        new("backbone.layers.*.norm", "blk.*.attn_norm"),
    ];

    internal static NameRule[] Mamba(string mixer) =>
    [
        new($"{mixer}.in_proj", "blk.*.ssm_in"),
        new($"{mixer}.conv1d", "blk.*.ssm_conv1d", RowChange.Squeeze),
        new($"{mixer}.out_proj", "blk.*.ssm_out"),
    ];

    internal static NameRule[] Mamba1(string mixer) =>
    [
        new($"{mixer}.x_proj", "blk.*.ssm_x"),
        new($"{mixer}.dt_proj", "blk.*.ssm_dt"),
        new($"{mixer}.A_log", "blk.*.ssm_a.", RowChange.NegateExponential),
        new($"{mixer}.D", "blk.*.ssm_d."),
    ];

    internal static NameRule[] Mamba2(string mixer) =>
    [
        new($"{mixer}.dt_bias", "blk.*.ssm_dt.bias"),
        new($"{mixer}.A_log", "blk.*.ssm_a.", RowChange.NegateExponentialColumn),
        new($"{mixer}.D", "blk.*.ssm_d.", RowChange.Column),
        new($"{mixer}.norm", "blk.*.ssm_norm", RowChange.Group),
    ];

    private static void AddMambaKeys(ModelConfig config, KeyList keys)
    {
        keys.Remove("attention.key_length", "attention.value_length", "attention.layer_norm_epsilon", "vocab_size");
        keys.Set("context_length", AnyContext);
        keys.Set("embedding_length", (uint)config.HiddenSize);
        keys.Set("feed_forward_length", 0u);
        keys.Set("attention.head_count", 0u);
        keys.Set("ssm.conv_kernel", (uint)config.GetCount("conv_kernel", "d_conv"));
        keys.Set("ssm.state_size", (uint)config.GetCount("state_size", "d_state"));
        keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("layer_norm_epsilon"));
    }

    private static void AddFalconKeys(ModelConfig config, KeyList keys)
    {
        keys.Remove("rope.scaling.type");
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("rms_norm_eps"));
        int inner = config.GetCount("mamba_d_ssm");
        AddStateSpace(config, keys, inner, inner / config.GetPositiveCount("mamba_d_head"));
    }

    /// <summary>Adds the keys of the Mamba 2 layers of a hybrid model.</summary>
    private static void AddStateSpace(ModelConfig config, KeyList keys, int inner, int heads)
    {
        keys.Set("ssm.conv_kernel", (uint)config.GetCount("mamba_d_conv"));
        keys.Set("ssm.inner_size", (uint)inner);
        keys.Set("ssm.state_size", (uint)config.GetCount("mamba_d_state"));
        keys.Set("ssm.time_step_rank", (uint)heads);
        keys.Set("ssm.group_count", (uint)config.GetCount("mamba_n_groups"));
    }

    /// <summary>Falcon H1 multiplies the inputs and outputs of its parts by numbers of its configuration.</summary>
    private static Func<long, (float First, float Second)>? FindFalconFactors(ModelConfig config, string target)
    {
        float Number(string key) => (float)config.GetNumber(key);
        float Element(string key, int index) => (float)config.Find(key)[index].GetNumber();
        (float First, float Second)? factors = target switch
        {
            "token_embd" => (Number("embedding_multiplier"), 1),
            "output" => (Number("lm_head_multiplier"), 1),
            "blk.*.attn_q" or "blk.*.attn_v" => (Number("attention_in_multiplier"), 1),
            "blk.*.attn_k" => (Number("key_multiplier"), Number("attention_in_multiplier")),
            "blk.*.attn_output" => (Number("attention_out_multiplier"), 1),
            "blk.*.ssm_out" => (Number("ssm_out_multiplier"), 1),
            "blk.*.ffn_gate" => (Element("mlp_multipliers", 0), 1),
            "blk.*.ffn_down" => (Element("mlp_multipliers", 1), 1),
            _ => null,
        };
        if (target == "blk.*.ssm_in")
        {
            // The rows are the gate, x, B, C and the time steps.
            int inner = config.GetCount("mamba_d_ssm");
            int states = config.GetCount("mamba_n_groups") * config.GetCount("mamba_d_state");
            long[] ends = [inner, 2 * inner, (2 * inner) + states, (2 * inner) + (2 * states), long.MaxValue];
            float[] parts = [.. Enumerable.Range(0, ends.Length).Select(part => Element("ssm_multipliers", part))];
            float whole = Number("ssm_in_multiplier");
            return row => (whole, parts[Array.FindIndex(ends, end => row < end)]);
        }

        return factors is { } found ? _ => found : null;
    }

    /// <summary>A Granite 4 without state spaces is a Granite 3; one without experts has an ordinary feed-forward.</summary>
    private static ModelFamily ChooseGranite(JsonField config)
    {
        bool hasExperts = config["num_local_experts"].Exists && config["num_local_experts"].GetCount(int.MaxValue) > 0;
        bool hasStates = config["layer_types"].Elements().Any(static type => type.GetText() != "attention");
        ModelFamily family = hasStates ? GraniteHybrid : hasExperts ? LlamaFamilies.GraniteMoe : LlamaFamilies.Granite;
        NameRule[] dense =
        [
            new("model.layers.*.shared_mlp.input_linear", "blk.*.ffn_gate|blk.*.ffn_up", RowChange.Split),
            new("model.layers.*.shared_mlp.output_linear", "blk.*.ffn_down"),
        ];
        return family with
        {
            Names = hasExperts ? GraniteNames : [.. dense, .. GraniteNames],
            Keys = hasStates ? AddGraniteKeys : AddAttentionKeys,
        };
    }

    private static void AddAttentionKeys(ModelConfig config, KeyList keys)
    {
        LlamaFamilies.GraniteMoe.Keys!(config, keys);
        bool[] isAttention = [.. config.GetLayerTypes().Select(static type => type == "attention")];
        keys.Set("attention.head_count_kv", isAttention.Select(attends => attends ? config.KeyHeadCount : 0).ToArray());
        AddStateSpace(config, keys, config.GetCount("mamba_expand") * config.HiddenSize, config.GetCount("mamba_n_heads"));
        keys.Set("rope.scaling.finetuned", true);
    }

    private static void AddGraniteKeys(ModelConfig config, KeyList keys)
    {
        AddAttentionKeys(config, keys);
        keys.Set("rope.scaling.finetuned", false);
        keys.Set("context_length", AnyContext);
    }
}
