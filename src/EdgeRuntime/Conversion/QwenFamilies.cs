using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Qwen 2 and 3, with and without experts, and models that continue their classes: KORMo, RND1, Dream; the text side of Qwen 2 VL and 3 VL.
/// </summary>
internal static class QwenFamilies
{
    private static readonly Dictionary<string, double> Defaults = new()
    {
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000,
        ["max_position_embeddings"] = 32768,
    };

    private static readonly Dictionary<string, double> Qwen3Defaults = new(Defaults) { ["head_dim"] = 128 };

    private static readonly NameRule[] ExpertNames = [.. CommonNames.Decoder, .. CommonNames.Experts];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["Qwen2ForCausalLM", "Qwen2Model"],
            Architecture = "qwen2",
            Names = CommonNames.Decoder,
            OptionalPrefix = CommonNames.Prefix,
            Defaults = Defaults,
            Pools = true,
        },
        new()
        {
            Classes = ["KORMoForCausalLM"],
            Architecture = "qwen2",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.Attention, .. CommonNames.FeedForward,
                new("model.layers.*.pre_attention_layernorm", "blk.*.attn_norm"),
                new("model.layers.*.pre_mlp_layernorm", "blk.*.ffn_norm"),
            ],
            Defaults = Defaults,
            Pools = true,
        },
        new()
        {
            Classes = ["Qwen3ForCausalLM", "Qwen3Model"],
            Architecture = "qwen3",
            Names = CommonNames.Decoder,
            OptionalPrefix = CommonNames.Prefix,
            Defaults = Qwen3Defaults,
            Pools = true,
        },
        new()
        {
            Classes = ["Qwen2VLModel", "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"],
            Architecture = "qwen2vl",
            Names = CommonNames.Decoder,
            Defaults = Defaults,
        },
        new()
        {
            Classes = ["Qwen3VLForConditionalGeneration"],
            Architecture = "qwen3vl",
            Names = CommonNames.Decoder,
            Defaults = Qwen3Defaults,
            Keys = AddVisionKeys,
            Pools = true,
        },
        new()
        {
            Classes = ["Qwen3VLMoeForConditionalGeneration"],
            Architecture = "qwen3vlmoe",
            Names =
            [
                new("model.layers.*.mlp.experts.down_proj", "blk.*.ffn_down_exps", RowChange.Transpose),
                new(
                    "model.layers.*.mlp.experts.gate_up_proj", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.TransposeSplit),
                .. ExpertNames,
            ],
            Defaults = Qwen3Defaults,
            Keys = static (config, keys) =>
            {
                AddExpertKeys(config, keys);
                AddVisionKeys(config, keys);
            },
        },
        new()
        {
            Classes = ["Qwen2MoeForCausalLM"],
            Architecture = "qwen2moe",
            Names = ExpertNames,
            Defaults = Defaults,
            Keys = AddExpertKeys,
        },
        new()
        {
            Classes = ["Qwen3MoeForCausalLM"],
            Architecture = "qwen3moe",
            Names = ExpertNames,
            Defaults = Qwen3Defaults,
            Keys = AddExpertKeys,
        },
        new()
        {
            Classes = ["RND1"],
            Architecture = "rnd1",
            Names = ExpertNames,
            Defaults = Qwen3Defaults,
            Keys = static (config, keys) =>
            {
                AddExpertKeys(config, keys);
                ModelKeys.AddDiffusion(keys, config);
            },
        },
        new()
        {
            Classes = ["DreamModel"],
            Architecture = "dream",
            Names = CommonNames.Decoder,
            Defaults = Defaults,
            Keys = static (config, keys) => ModelKeys.AddDiffusion(keys, config),
            Pools = true,
        },
    ];

    /// <summary>Adds the widths of the experts.</summary>
    internal static void AddExpertKeys(ModelConfig config, KeyList keys)
    {
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        ModelKeys.AddCount(keys, config, "expert_shared_feed_forward_length", "shared_expert_intermediate_size");
    }

    private static void AddVisionKeys(ModelConfig config, KeyList keys) =>
        keys.Set("n_deepstack_layers", (uint)config.Find("vision_config")["deepstack_visual_indexes"].Count);
}
