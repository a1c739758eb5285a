using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Decoders of a dense layer, a layer with experts, and layers that predict tokens ahead.</content>
internal static partial class ModelFamilies
{
    private static ModelFolder AddCohere2Moe(ModelFolder folder)
    {
        AddEnds(folder);
        for (int layer = 0; layer <= Layers; layer++)
        {
            string name = $"model.layers.{layer}";
            folder.Add($"{name}.input_layernorm.weight", Hidden);
            AddAttention(folder, $"{name}.self_attn");
            if (layer == 0)
            {
                AddLayerFeedForward(folder, $"{name}.mlp");
                continue;
            }

            AddLayerExperts(folder, $"{name}.mlp.gate", $"{name}.mlp.experts", ["gate_proj", "up_proj", "down_proj"]);
            AddLayerFeedForward(folder, $"{name}.mlp.shared_experts", 32);
        }

        AddPrediction(folder, "model.layers.2");
        return folder.Save(
            "Cohere2MoeForCausalLM",
            Experts + ",\"head_dim\":16,\"intermediate_size\":32,\"prefix_dense_intermediate_size\":96,\"layer_norm_eps\":1e-5,"
            + "\"logit_scale\":0.25,\"sliding_window\":64,\"layer_types\":[\"sliding_attention\",\"full_attention\"],"
            + "\"mlp_layer_types\":[\"dense\",\"sparse\"],\"norm_topk_prob\":true,\"num_shared_experts\":1,"
            + "\"expert_selection_fn\":\"sigmoid\",\"num_nextn_predict_layers\":1");
    }

    private static ModelFolder AddMiMo2(ModelFolder folder)
    {
        AddEnds(folder);
        for (int layer = 0; layer < Layers + 3; layer++)
        {
            bool isPredicting = layer >= Layers;
            int keyHeads = layer == 0 ? KeyHeads : 1;
            string name = isPredicting ? $"model.mtp.layers.{layer - Layers}" : $"model.layers.{layer}";
            folder.Add($"{name}.input_layernorm.weight", Hidden)
                .Add($"{name}.{(isPredicting ? "pre_mlp" : "post_attention")}_layernorm.weight", Hidden)
                .Add($"{name}.self_attn.q_proj.weight", Heads * HeadSize, Hidden)
                .Add($"{name}.self_attn.k_proj.weight", keyHeads * HeadSize, Hidden)
                .Add($"{name}.self_attn.v_proj.weight", keyHeads * 8, Hidden).Add($"{name}.self_attn.o_proj.weight", Hidden, Heads * 8);
            if (layer > 0)
            {
                folder.Add($"{name}.self_attn.attention_sink_bias", Heads);
            }

            if (layer == 1)
            {
                folder.Add($"{name}.mlp.gate.e_score_correction_bias", 4);
                AddLayerExperts(folder, $"{name}.mlp.gate", $"{name}.mlp.experts", ["gate_proj", "up_proj", "down_proj"]);
                continue;
            }

            AddLayerFeedForward(folder, $"{name}.mlp");
            if (isPredicting)
            {
                AddPrediction(folder, name).Add($"{name}.final_layernorm.weight", Hidden);
            }
        }

        return folder.Save(
            "MiMoV2FlashForCausalLM",
            ",\"head_dim\":16,\"v_head_dim\":8,\"swa_head_dim\":16,\"swa_v_head_dim\":8,\"swa_num_attention_heads\":4,"
            + "\"swa_num_key_value_heads\":1,\"topk_method\":\"noaux_tc\",\"hybrid_layer_pattern\":[0,1],\"moe_layer_freq\":[0,1],"
            + "\"sliding_window\":64,\"n_routed_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,\"rope_theta\":5e6,"
            + "\"swa_rope_theta\":1e4,\"partial_rotary_factor\":0.5,\"layernorm_epsilon\":1e-5,\"attention_value_scale\":0.707,"
            + "\"scoring_func\":\"sigmoid\",\"n_group\":1,\"topk_group\":1,\"norm_topk_prob\":true");
    }

    private static ModelFolder AddStep35(ModelFolder folder)
    {
        AddEnds(folder);
        for (int layer = 0; layer <= Layers; layer++)
        {
            string name = $"model.layers.{layer}";
            (int heads, int keyHeads) = layer == 0 ? (Heads, KeyHeads) : (2, 1);
            folder.Add($"{name}.input_layernorm.weight", Hidden).Add($"{name}.post_attention_layernorm.weight", Hidden)
                .Add($"{name}.self_attn.q_proj.weight", heads * HeadSize, Hidden)
                .Add($"{name}.self_attn.k_proj.weight", keyHeads * HeadSize, Hidden)
                .Add($"{name}.self_attn.v_proj.weight", keyHeads * HeadSize, Hidden)
                .Add($"{name}.self_attn.o_proj.weight", Hidden, heads * HeadSize)
                .Add($"{name}.self_attn.g_proj.weight", heads, Hidden)
                .Add($"{name}.self_attn.q_norm.weight", HeadSize).Add($"{name}.self_attn.k_norm.weight", HeadSize);
            if (layer != 1)
            {
                AddLayerFeedForward(folder, $"{name}.mlp");
                continue;
            }

            folder.Add($"{name}.moe.gate.weight", 4, Hidden).Add($"{name}.moe.router_bias", 4)
                .Add($"{name}.moe.gate_proj.weight", 4, 32, Hidden).Add($"{name}.moe.up_proj.weight", 4, 32, Hidden)
                .Add($"{name}.moe.down_proj.weight", 4, Hidden, 32);
            AddLayerFeedForward(folder, $"{name}.share_expert", 32);
        }

        AddPrediction(folder, "model.layers.2").Add("model.layers.2.transformer.shared_head.norm.weight", Hidden)
            .Add("model.layers.2.transformer.shared_head.output.weight", Tokens, Hidden);
        return folder.Save(
            "Step3p5ForCausalLM",
            ",\"head_dim\":16,\"num_key_value_heads\":null,\"num_attention_groups\":2,\"num_nextn_predict_layers\":1,"
            + "\"attention_other_setting\":{\"num_attention_heads\":2,\"num_attention_groups\":1},"
            + "\"layer_types\":[\"full_attention\",\"sliding_attention\",\"sliding_attention\"],"
            + "\"partial_rotary_factors\":[0.5,1.0,1.0],\"rope_theta\":[500000.0,10000.0],\"rope_scaling\":{\"rope_type\":\"llama3\","
            + "\"factor\":2.0,\"low_freq_factor\":1.0,\"high_freq_factor\":32.0,\"original_max_position_embeddings\":128},"
            + "\"sliding_window\":64,\"moe_num_experts\":4,\"moe_top_k\":2,\"moe_intermediate_size\":32,\"share_expert_dim\":32,"
            + "\"moe_router_activation\":\"sigmoid\",\"moe_router_scaling_factor\":3.0,\"norm_expert_weight\":true,"
            + "\"moe_layers_enum\":\"1\",\"swiglu_limits\":[null,7.0],\"swiglu_limits_shared\":[null,16.0],\"rms_norm_eps\":1e-5");
    }

    private static ModelFolder AddHyV3(ModelFolder folder)
    {
        AddEnds(folder);
        for (int layer = 0; layer <= Layers; layer++)
        {
            string name = $"model.layers.{layer}";
            folder.Add($"{name}.input_layernorm.weight", Hidden).Add($"{name}.post_attention_layernorm.weight", Hidden)
                .Add($"{name}.self_attn.q_norm.weight", HeadSize).Add($"{name}.self_attn.k_norm.weight", HeadSize);
            AddAttention(folder, $"{name}.self_attn");
            if (layer == 0)
            {
                AddLayerFeedForward(folder, $"{name}.mlp");
                continue;
            }

            AddLayerExperts(folder, $"{name}.mlp.router.gate", $"{name}.mlp.experts", ["gate_proj", "up_proj", "down_proj"]);
            AddLayerFeedForward(folder, $"{name}.mlp.shared_mlp", 32);
            folder.Add($"{name}.mlp.expert_bias", 4);
        }

        return AddPrediction(folder, "model.layers.2").Add("model.layers.2.final_layernorm.weight", Hidden).Save(
            "HYV3ForCausalLM",
            Experts + ",\"head_dim\":16,\"num_shared_experts\":1,\"route_norm\":true,\"router_scaling_factor\":2.826,"
            + "\"num_nextn_predict_layers\":1,\"rms_norm_eps\":1e-5");
    }

    private static void AddEnds(ModelFolder folder) =>
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden);

    private static void AddLayerFeedForward(ModelFolder folder, string part, int width = FeedForward) =>
        folder.Add($"{part}.gate_proj.weight", width, Hidden).Add($"{part}.up_proj.weight", width, Hidden)
            .Add($"{part}.down_proj.weight", Hidden, width);

    private static ModelFolder AddPrediction(ModelFolder folder, string layer) =>
        folder.Add($"{layer}.enorm.weight", Hidden).Add($"{layer}.hnorm.weight", Hidden)
            .Add($"{layer}.eh_proj.weight", Hidden, 2 * Hidden);
}
