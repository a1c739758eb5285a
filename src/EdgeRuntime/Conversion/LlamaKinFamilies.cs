using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders with llama's layers and one thing more: InternLM 3, XVERSE, BitNet, DeciLM and Nemotron 51B, Apertus.</summary>
internal static class LlamaKinFamilies
{
    /// <summary>The widths of feed-forwards that a multiplier gives are multiples of this.</summary>
    private const int DeciMultiple = 256;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    /// <summary>The parameters of the function of Apertus, which become keys.</summary>
    private static readonly string[] XieluParameters = ["alpha_n", "alpha_p", "beta", "eps"];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["InternLM3ForCausalLM"],
            Architecture = "llama",
            Names = CommonNames.PermutedDecoder,
            Defaults = Defaults,
            Keys = AddSizes,
            FinalKeys = JoinedFamilies.AddChatEnd,
        },
        new()
        {
            Classes = ["XverseForCausalLM"],
            Architecture = "xverse",
            Names = CommonNames.PermutedDecoder,
            Defaults = Defaults,
            Keys = JoinedFamilies.AddOriginalLayout,
        },
        new()
        {
            Classes = ["BitnetForCausalLM", "BitNetForCausalLM"],
            Architecture = "bitnet",
            Names =
            [
                new("model.embed_tokens", "token_embd"), new("model.norm", "output_norm"), .. CommonNames.PreNorms,
                new("model.layers.*.self_attn.inner_attn_ln", "blk.*.attn_sub_norm"),
                new("model.layers.*.mlp.ffn_layernorm", "blk.*.ffn_sub_norm"),
                .. CommonNames.Attention.Concat(CommonNames.FeedForward)
                    .Where(static rule => !rule.To.EndsWith("_norm", StringComparison.Ordinal))
                    .Select(static rule => rule with { Change = RowChange.Ternary }),
            ],
            Defaults = Defaults,
            Keys = static (_, keys) =>
            {
                keys.Set("rope.scaling.type", "linear");
                keys.Set("rope.scaling.factor", 1f);
            },
        },
        new()
        {
            Classes = ["DeciLMForCausalLM"],
            Architecture = "deci",
            Names =
            [
                .. CommonNames.PermutedDecoder.Select(static rule =>
                    rule.Change == RowChange.None ? rule : rule with { Change = RowChange.PermuteHeads }),
                new("model.layers.*.self_attn.linear_attn", "blk.*.attn_output"),
            ],
            Defaults = Defaults,
            WritesSpacePrefix = true,
            Keys = AddDeciKeys,
            Computed = static config => RopeFactors.OfLlama3(config, defaultFactor: 8),
        },
        LlamaFamilies.Llama with
        {
            Classes = ["ApertusForCausalLM"],
            Architecture = "apertus",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.PlainFeedForward,
                new("model.layers.*.attention_layernorm", "blk.*.attn_norm"),
                new("model.layers.*.feedforward_layernorm", "blk.*.ffn_norm"),
                new("model.layers.*.mlp.act_fn", ""), // beta, under the name of a bias
                .. XieluParameters.Select(static name => new NameRule($"model.layers.*.mlp.act_fn.{name}", "")),
            ],
            TensorKeys = AddXielu,
        },
    ];

    private static void AddSizes(ModelConfig config, KeyList keys)
    {
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        keys.Set("rope.dimension_count", (uint)config.HeadSize);
    }

    /// <summary>A layer may lack attention, have a matrix in its place, and have a feed-forward of its own width.</summary>
    private static void AddDeciKeys(ModelConfig config, KeyList keys)
    {
        AddSizes(config, keys);
        ModelKeys.AddCount(keys, config, "attention.head_count_kv", "num_key_value_heads_per_layer", "num_key_value_heads");
        JsonField blocks = config.Find("block_configs");
        if (!blocks.Exists)
        {
            return;
        }

        if (blocks.Count != config.LayerCount)
        {
            throw blocks.Wrong($"{config.LayerCount} layers, as num_hidden_layers says");
        }

        var heads = new int[config.LayerCount];
        var keyHeads = new int[config.LayerCount];
        var widths = new int[config.LayerCount];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            JsonField attention = blocks[layer]["attention"];
            JsonField group = attention["n_heads_in_group"];
            keyHeads[layer] = !group.Exists ? 0
                : group.GetCount(config.HeadCount) is > 0 and int count ? config.HeadCount / count
                : throw group.Wrong("a number above 0");
            heads[layer] = group.Exists || attention["replace_with_linear"].GetFlag(false) ? config.HeadCount : 0;
            JsonField multiplier = blocks[layer]["ffn"]["ffn_mult"];
            int width = multiplier.Exists ? (int)(2 * multiplier.GetNumber() * config.HiddenSize / 3) : 0;
            widths[layer] = (width + DeciMultiple - 1) / DeciMultiple * DeciMultiple;
        }

        keys.Set("attention.head_count", heads);
        keys.Set("attention.head_count_kv", keyHeads);
        keys.Set("feed_forward_length", widths);
        keys.Set("attention.key_length", (uint)(config.HiddenSize / config.HeadCount));
        keys.Set("attention.value_length", (uint)(config.HiddenSize / config.HeadCount));
    }

    private static void AddXielu(ModelConfig config, SafetensorsModel model, KeyList keys)
    {
        foreach (string name in XieluParameters)
        {
            var values = new float[config.LayerCount];
            for (int layer = 0; layer < values.Length; layer++)
            {
                string tensor = $"model.layers.{layer}.mlp.act_fn.{name}";
                SafetensorsTensor found = model.Find(tensor) is { ElementCount: 1 } one ? one : throw new ModelFormatException(
                    config.File, -1, $"found no tensor \"{tensor}\" of one number, expected one for each layer; get all files again");
                found.Read(0, values.AsSpan(layer, 1));
            }

            keys.SetWhole($"xielu.{name}", values);
        }
    }
}
