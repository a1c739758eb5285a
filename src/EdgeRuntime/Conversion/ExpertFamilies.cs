using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>Decoders with experts: Phi 3.5 MoE, MiniMax M2, DeepSeek MoE, dots.llm1, Mellum 2, LLaDA MoE.</summary>
internal static class ExpertFamilies
{
    private const uint LladaMask = 156895;

    private static readonly Dictionary<string, double> Defaults = new() { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 };

    private static readonly NameRule[] ExpertNames = [.. CommonNames.Decoder, .. CommonNames.Experts];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["PhiMoEForCausalLM"],
            Architecture = "phimoe",
            Names = [.. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.SparseExperts],
            Defaults = new Dictionary<string, double>
            {
                ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 1e6, ["original_max_position_embeddings"] = 4096,
            },
            Keys = DecoderFamilies.AddPhi3Keys,
            Computed = static config => RopeFactors.OfLongRope(config, DecoderFamilies.GetPhi3Rotation(config)),
        },
        new()
        {
            Classes = ["MiniMaxM2ForCausalLM"],
            Architecture = "minimax-m2",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.Attention, .. CommonNames.SparseExperts,
                new("model.layers.*.block_sparse_moe.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "intermediate_size");
                ModelKeys.AddCount(keys, config, "rope.dimension_count", "rotary_dim");
            },
        },
        new()
        {
            Classes = ["DeepseekForCausalLM"],
            Architecture = "deepseek",
            Names = [.. CommonNames.PermutedDecoder, .. CommonNames.Experts, .. CommonNames.SharedExperts],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("rope.dimension_count", (uint)config.HeadSize);
                keys.Set("rope.scaling.type", "none");
                keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
                keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
                keys.Set("expert_weights_scale", 1f);
                keys.Set("expert_shared_count", (uint)config.GetCount("n_shared_experts"));
            },
        },
        new()
        {
            Classes = ["Dots1ForCausalLM"],
            Architecture = "dots1",
            Names =
            [
                .. ExpertNames, .. CommonNames.SharedExperts,
                new("model.layers.*.mlp.gate.e_score_correction", "blk.*.exp_probs_b"),
            ],
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                keys.Set("expert_feed_forward_length", (uint)config.GetCount("moe_intermediate_size"));
                keys.Set("leading_dense_block_count", (uint)config.GetCount("first_k_dense_replace"));
                keys.Set("expert_shared_count", (uint)config.GetCount("n_shared_experts"));
                keys.Set("expert_weights_scale", (float)(config.FindNumber("routed_scaling_factor") ?? 1));
                keys.Set("expert_weights_norm", config.Find("norm_topk_prob").GetFlag(false));
            },
        },
        new()
        {
            Classes = ["MellumForCausalLM"],
            Architecture = "mellum",
            Names = ExpertNames,
            Defaults = Defaults,
            Keys = AddMellumKeys,
        },
        new()
        {
            Classes = ["LLaDAMoEModel", "LLaDAMoEModelLM"],
            Architecture = "llada-moe",
            Names = ExpertNames,
            Defaults = Defaults,
            Keys = static (config, keys) =>
            {
                ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "expert_intermediate_size");
                keys.SetWhole("tokenizer.ggml.mask_token_id", LladaMask);
                keys.Set("attention.causal", false);
                keys.SetWhole("diffusion.shift_logits", false);
            },
        },
    ];

    private static void AddMellumKeys(ModelConfig config, KeyList keys)
    {
        ModelKeys.AddCount(keys, config, "expert_feed_forward_length", "moe_intermediate_size");
        if (config.Find("use_sliding_window").GetFlag(true) && config.FindCount("sliding_window") is { } window)
        {
            keys.Set("attention.sliding_window", (uint)window);
            keys.Set("attention.sliding_window_pattern", config.GetWindowLayers());
        }
    }
}
