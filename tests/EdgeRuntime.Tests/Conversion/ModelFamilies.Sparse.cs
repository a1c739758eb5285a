using System.Linq;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Decoders with experts of their own kind.</content>
internal static partial class ModelFamilies
{
    /// <summary>A dense layer and one with experts, all in one tensor, whose rows are columns.</summary>
    private static ModelFolder AddLlama4(ModelFolder folder)
    {
        const string Prefix = "language_model.model";
        const string Experts = $"{Prefix}.layers.1.feed_forward";
        folder.Add($"{Prefix}.embed_tokens.weight", Tokens, Hidden).Add($"{Prefix}.norm.weight", Hidden)
            .Add("language_model.lm_head.weight", Tokens, Hidden).Add("vision_model.class_embedding", Hidden)
            .Add($"{Prefix}.layers.0.feed_forward.gate_proj.weight", 128, Hidden)
            .Add($"{Prefix}.layers.0.feed_forward.up_proj.weight", 128, Hidden)
            .Add($"{Prefix}.layers.0.feed_forward.down_proj.weight", Hidden, 128)
            .Add($"{Experts}.router.weight", 4, Hidden)
            .Add($"{Experts}.experts.gate_up_proj", 4, Hidden, 2 * FeedForward)
            .Add($"{Experts}.experts.down_proj", 4, FeedForward, Hidden)
            .Add($"{Experts}.shared_expert.gate_proj.weight", FeedForward, Hidden)
            .Add($"{Experts}.shared_expert.up_proj.weight", FeedForward, Hidden)
            .Add($"{Experts}.shared_expert.down_proj.weight", Hidden, FeedForward)
            .AddLayers($"{Prefix}.layers.*.input_layernorm.weight", Hidden)
            .AddLayers($"{Prefix}.layers.*.post_attention_layernorm.weight", Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            AddAttention(folder, $"{Prefix}.layers.{layer}.self_attn");
        }

        return folder.Save(
            "Llama4ForConditionalGeneration",
            ",\"text_config\":{\"head_dim\":16,\"intermediate_size_mlp\":128,\"interleave_moe_layer_step\":2,\"num_local_experts\":4,"
            + "\"num_experts_per_tok\":1,\"rms_norm_eps\":1e-5,\"rope_theta\":500000.0,\"rope_scaling\":{\"rope_type\":\"llama3\","
            + "\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":64}}");
    }

    private static ModelFolder AddLlama4Text(ModelFolder folder)
    {
        folder.AddDecoder(feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.feed_forward.router.weight", 4, Hidden)
            .AddLayers("model.layers.*.feed_forward.experts.gate_up_proj", 4, Hidden, 2 * FeedForward)
            .AddLayers("model.layers.*.feed_forward.experts.down_proj", 4, FeedForward, Hidden);
        foreach (string part in (string[])["gate_proj", "up_proj"])
        {
            folder.AddLayers($"model.layers.*.feed_forward.shared_expert.{part}.weight", FeedForward, Hidden);
        }

        return folder.AddLayers("model.layers.*.feed_forward.shared_expert.down_proj.weight", Hidden, FeedForward).Save(
            "Llama4ForCausalLM",
            ",\"head_dim\":16,\"intermediate_size_mlp\":128,\"interleave_moe_layer_step\":1,\"num_local_experts\":4,"
            + "\"num_experts_per_tok\":1,\"rms_norm_eps\":1e-5,\"layer_types\":[\"full_attention\",\"full_attention\"]");
    }

    private static ModelFolder AddAfmoe(ModelFolder folder)
    {
        const string Layer = "model.layers.1.mlp";
        folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.pre_mlp_layernorm.weight", Hidden).AddLayers("model.layers.*.post_mlp_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.self_attn.gate_proj.weight", Heads * HeadSize, Hidden)
            .Add("model.layers.0.mlp.gate_proj.weight", FeedForward, Hidden).Add("model.layers.0.mlp.up_proj.weight", FeedForward, Hidden)
            .Add("model.layers.0.mlp.down_proj.weight", Hidden, FeedForward)
            .Add($"{Layer}.shared_experts.gate_proj.weight", 32, Hidden).Add($"{Layer}.shared_experts.up_proj.weight", 32, Hidden)
            .Add($"{Layer}.shared_experts.down_proj.weight", Hidden, 32).Add($"{Layer}.expert_bias", 4);
        AddLayerExperts(folder, $"{Layer}.router.gate", $"{Layer}.experts", ["gate_proj", "up_proj", "down_proj"]);
        return folder.Save(
            "AfmoeForCausalLM",
            Experts + ",\"head_dim\":16,\"num_shared_experts\":1,\"num_dense_layers\":1,\"route_norm\":true,\"route_scale\":2.5,"
            + "\"score_func\":\"sigmoid\",\"sliding_window\":64,\"n_group\":1,\"topk_group\":1");
    }

    private static ModelFolder AddGroveMoe(ModelFolder folder)
    {
        AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"]).AddLayers("model.layers.*.mlp.expert_bias", 4);
        for (int expert = 0; expert < 2; expert++)
        {
            folder.AddLayers($"model.layers.*.mlp.chunk_experts.{expert}.gate_proj.weight", 16, Hidden)
                .AddLayers($"model.layers.*.mlp.chunk_experts.{expert}.up_proj.weight", 16, Hidden)
                .AddLayers($"model.layers.*.mlp.chunk_experts.{expert}.down_proj.weight", Hidden, 16);
        }

        return folder.Save("GroveMoeForCausalLM", Experts + ",\"head_dim\":16");
    }

    private static ModelFolder AddArctic(ModelFolder folder)
    {
        AddExperts(
            folder.AddDecoder(feedForward: false).AddPreNorms(), "block_sparse_moe.gate", "block_sparse_moe.experts", ["w1", "w3", "w2"])
            .AddLayers("model.layers.*.residual_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.residual_mlp.w1.weight", Hidden, Hidden)
            .AddLayers("model.layers.*.residual_mlp.w2.weight", Hidden, Hidden)
            .AddLayers("model.layers.*.residual_mlp.w3.weight", Hidden, Hidden)
            .Save("ArcticForCausalLM", ",\"intermediate_size\":32,\"num_local_experts\":4,\"num_experts_per_tok\":2");
        folder.Write(
            "tokenizer_config.json",
            """
            {"bos_token":"<|begin|>","eos_token":"<|end|>","unk_token":"<unk>","chat_template":"{{ messages[0].content }}",
            "added_tokens_decoder":{"0":{"content":"<unk>","special":true},"5":{"content":"<|begin|>","special":true},
            "6":{"content":"<|end|>","special":true},"7":{"content":"hello","special":false}}}
            """);
        return folder;
    }

    private static ModelFolder AddSmallThinker(ModelFolder folder) => AddExperts(
        folder.AddDecoder(feedForward: false).AddPreNorms(), "block_sparse_moe.primary_router", "block_sparse_moe.experts",
        ["gate", "up", "down"]).Save(
            "SmallThinkerForCausalLM",
            ",\"head_dim\":16,\"intermediate_size\":null,\"moe_num_primary_experts\":4,\"moe_num_active_primary_experts\":2,"
            + "\"moe_ffn_hidden_size\":32,\"moe_primary_router_apply_softmax\":false,\"sliding_window_layout\":[0,1],"
            + "\"sliding_window_size\":4096,\"rope_layout\":[0,1]");

    /// <summary>Delta attention with a feed-forward, then latent attention with experts.</summary>
    private static ModelFolder AddKimiLinear(ModelFolder folder)
    {
        const string Delta = "model.layers.0.self_attn";
        const string Latent = "model.layers.1.self_attn";
        const string Sparse = "model.layers.1.block_sparse_moe";
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden)
            .AddPreNorms()
            .Add("model.layers.0.mlp.gate_proj.weight", FeedForward, Hidden).Add("model.layers.0.mlp.up_proj.weight", FeedForward, Hidden)
            .Add("model.layers.0.mlp.down_proj.weight", Hidden, FeedForward);
        foreach (string part in "qkv".Select(part => $"{part}"))
        {
            folder.Add($"{Delta}.{part}_proj.weight", Hidden, Hidden).Add($"{Delta}.{part}_conv1d.weight", Hidden, 1, 4);
        }

        folder.Add($"{Delta}.A_log", 1, 1, Heads, 1).Add($"{Delta}.dt_bias", Hidden).Add($"{Delta}.b_proj.weight", Heads, Hidden)
            .Add($"{Delta}.f_a_proj.weight", HeadSize, Hidden).Add($"{Delta}.f_b_proj.weight", Hidden, HeadSize)
            .Add($"{Delta}.g_a_proj.weight", HeadSize, Hidden).Add($"{Delta}.g_b_proj.weight", Hidden, HeadSize)
            .Add($"{Delta}.o_norm.weight", HeadSize).Add($"{Delta}.o_proj.weight", Hidden, Hidden)
            .Add($"{Latent}.q_proj.weight", Heads * 24, Hidden).Add($"{Latent}.kv_a_proj_with_mqa.weight", 32 + 8, Hidden)
            .Add($"{Latent}.kv_a_layernorm.weight", 32).Add($"{Latent}.kv_b_proj.weight", Heads * (16 + 12), 32)
            .Add($"{Latent}.o_proj.weight", Hidden, Heads * 12)
            .Add($"{Sparse}.gate.e_score_correction_bias", 4).Add($"{Sparse}.shared_experts.gate_proj.weight", 32, Hidden)
            .Add($"{Sparse}.shared_experts.up_proj.weight", 32, Hidden).Add($"{Sparse}.shared_experts.down_proj.weight", Hidden, 32);
        AddLayerExperts(folder, $"{Sparse}.gate", $"{Sparse}.experts", ["w1", "w3", "w2"]);
        return folder.Save(
            "KimiLinearForCausalLM",
            ",\"num_key_value_heads\":4,\"q_lora_rank\":null,\"kv_lora_rank\":32,\"qk_nope_head_dim\":16,\"qk_rope_head_dim\":8,"
            + "\"v_head_dim\":12,\"linear_attn_config\":{\"full_attn_layers\":[2],\"kda_layers\":[1],\"head_dim\":16,\"num_heads\":4,"
            + "\"short_conv_kernel_size\":4},\"num_experts\":4,\"num_experts_per_token\":2,\"moe_intermediate_size\":32,"
            + "\"num_shared_experts\":1,\"first_k_dense_replace\":1,\"routed_scaling_factor\":2.446,"
            + "\"moe_router_activation_func\":\"sigmoid\",\"topk_group\":1,\"rms_norm_eps\":1e-5");
    }
}
