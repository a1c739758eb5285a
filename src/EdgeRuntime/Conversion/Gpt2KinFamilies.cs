using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders with the names of GPT-2's tensors: Jais, Refact, CodeShell.</summary>
internal static class Gpt2KinFamilies
{
    /// <summary>The greatest bias of distances where the file of a Jais has no slopes.</summary>
    private const double GreatestBias = 8;

    private static readonly NameRule[] Refact =
    [
        new("transformer.h.*.attn.q", "blk.*.attn_q"),
        new("transformer.h.*.attn.kv", "blk.*.attn_k|blk.*.attn_v", RowChange.Split),
        new("transformer.h.*.mlp.gate_up_proj", "blk.*.ffn_gate|blk.*.ffn_up", RowChange.Split),
        .. CommonNames.Gpt2(RowChange.None),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["JAISLMHeadModel"],
            Architecture = "jais",
            OptionalPrefix = "transformer.",
            Names =
            [
                .. CommonNames.Gpt2(RowChange.Transpose),
                new("transformer.h.*.mlp.c_fc2", "blk.*.ffn_gate", RowChange.Transpose),
                new("transformer.relative_pe.slopes", ""),
            ],
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, _) =>
            {
                Require(config.Get("activation_function"), "swiglu");
                Require(config.Get("position_embedding_type"), "alibi");
            },
            TensorKeys = AddJaisBias,
            RowFactors = static (config, target) => target switch
            {
                "token_embd" => Constant(config.FindNumber("mup_embeddings_scale", "embeddings_scale")),
                "output" => Constant(config.FindNumber("mup_output_alpha") is { } alpha
                    ? alpha * config.GetNumber("mup_width_scale")
                    : config.FindNumber("width_scale")),
                _ => null,
            },
        },
        new()
        {
            Classes = ["GPTRefactForCausalLM"],
            Architecture = "refact",
            OptionalPrefix = "transformer.",
            Names = Refact,
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                const uint Multiple = 256;
                keys.Remove("attention.layer_norm_epsilon");
                keys.Set("feed_forward_length", ((uint)(8L * config.HiddenSize / 3) + Multiple - 1) / Multiple * Multiple);
                keys.Set("attention.head_count_kv", 1u);
                keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("layer_norm_epsilon"));
            },
        },
        new()
        {
            Classes = ["CodeShellForCausalLM"],
            Architecture = "codeshell",
            OptionalPrefix = "transformer.",
            Names = CommonNames.Gpt2(RowChange.None),
            Defaults = new Dictionary<string, double> { ["layer_norm_epsilon"] = 1e-5 },
            Keys = static (config, keys) =>
            {
                keys.Remove(DecoderFamilies.RopeKeys);
                keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
                keys.Set("attention.head_count_kv", (uint)config.GetCount("num_query_groups"));
                keys.Set("rope.freq_base", 10000f);
                keys.Set("rope.scaling.type", "linear");
                keys.Set("rope.scaling.factor", 1f);
            },
        },
    ];

    private static void Require(JsonField field, string expected)
    {
        if (field.FindText() != expected)
        {
            throw field.Wrong($"{expected}: another one can't be converted");
        }
    }

    /// <summary>Finds the greatest bias of the distances, of which the file has the slopes.</summary>
    private static void AddJaisBias(ModelConfig config, SafetensorsModel model, KeyList keys)
    {
        double greatest = GreatestBias;
        SafetensorsTensor? slopes = model.Tensors
            .FirstOrDefault(static tensor => tensor.Name.EndsWith("relative_pe.slopes", StringComparison.Ordinal));
        if (slopes is { ElementCount: > 0 })
        {
            var first = new float[1];
            slopes.Read(0, first);
            greatest = -Math.Round(Math.Log2(first[0]) * Math.Pow(2, Math.Floor(Math.Log2(config.HeadCount))));
        }

        keys.Set("attention.max_alibi_bias", (float)greatest);
    }

    private static Func<long, (float First, float Second)>? Constant(double? factor) =>
        factor is { } value ? _ => ((float)value, 1f) : null;
}
