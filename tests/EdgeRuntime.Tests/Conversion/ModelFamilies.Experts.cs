using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Models with experts behind dense layers, with latent attention, and with layers that predict ahead.</content>
internal static partial class ModelFamilies
{
    private const string Routed = ",\"n_routed_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,\"n_shared_experts\":1,"
        + "\"first_k_dense_replace\":1,\"routed_scaling_factor\":2.5,\"norm_topk_prob\":true,\"n_group\":1,\"topk_group\":1";

    private const string Ahead = ",\"num_nextn_predict_layers\":1";

    private const string Latent = ",\"num_key_value_heads\":4,\"kv_lora_rank\":32,\"qk_nope_head_dim\":32,\"qk_rope_head_dim\":8,"
        + "\"v_head_dim\":16";

    private static string[] GlmTokens => ["<|endoftext|>", "[gMASK]", "<|user|>", "<|observation|>"];

    /// <summary>Adds a gpt-oss with experts of 4-bit floats, as it is published, or of others.</summary>
    private static ModelFolder AddGptOss(ModelFolder folder, bool isFourBit)
    {
        const string Experts = "model.layers.*.mlp.experts";
        folder.AddDecoder(biases: true, feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.self_attn.o_proj.bias", Hidden).AddLayers("model.layers.*.self_attn.sinks", Heads)
            .AddLayers("model.layers.*.mlp.router.weight", 4, Hidden).AddLayers("model.layers.*.mlp.router.bias", 4)
            .AddLayers($"{Experts}.gate_up_proj_bias", 4, 2 * 32).AddLayers($"{Experts}.down_proj_bias", 4, Hidden);
        if (isFourBit)
        {
            folder.AddByteLayers($"{Experts}.gate_up_proj_blocks", 0, 256, 4, 2 * 32, Hidden / 32, 16)
                .AddByteLayers($"{Experts}.gate_up_proj_scales", 118, 122, 4, 2 * 32, Hidden / 32)
                .AddByteLayers($"{Experts}.down_proj_blocks", 0, 256, 4, Hidden, 1, 16)
                .AddByteLayers($"{Experts}.down_proj_scales", 118, 122, 4, Hidden, 1);
        }
        else
        {
            folder.AddLayers($"{Experts}.gate_up_proj", 4, Hidden, 2 * 32).AddLayers($"{Experts}.down_proj", 4, 32, Hidden);
        }

        return folder.Save(
            "GptOssForCausalLM",
            ",\"num_local_experts\":4,\"num_experts_per_tok\":2,\"intermediate_size\":32,\"sliding_window\":32,\"head_dim\":16,"
            + "\"rms_norm_eps\":1e-5,\"rope_theta\":150000.0,\"layer_types\":[\"sliding_attention\",\"full_attention\"],"
            + "\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":32.0,\"beta_fast\":32.0,\"beta_slow\":1.0,\"truncate\":false,"
            + "\"original_max_position_embeddings\":64}"
            + (isFourBit ? ",\"quantization_config\":{\"quant_method\":\"mxfp4\"}" : ""));
    }

    private static ModelFolder AddFusedFeedForward(ModelFolder folder) =>
        folder.AddLayers("model.layers.*.mlp.gate_up_proj.weight", 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, FeedForward);

    private static ModelFolder AddChatGlm(ModelFolder folder)
    {
        folder.AddedTokens = GlmTokens;
        return AddFusedFeedForward(folder.AddDecoder(biases: true, feedForward: false).AddPreNorms()).Save(
            "GlmForCausalLM",
            ",\"head_dim\":16,\"partial_rotary_factor\":0.5,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,\"max_position_embeddings\":64");
    }

    private static ModelFolder AddGlm4(ModelFolder folder)
    {
        folder.AddedTokens = GlmTokens;
        return AddFusedFeedForward(folder.AddDecoder(biases: true, feedForward: false).AddPreNorms())
            .AddLayers("model.layers.*.post_self_attn_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_mlp_layernorm.weight", Hidden)
            .Save("Glm4ForCausalLM", ",\"head_dim\":16,\"partial_rotary_factor\":0.5,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0");
    }

    /// <summary>Adds a feed-forward.</summary>
    private static ModelFolder AddDense(ModelFolder folder, string layer) => AddMlp(folder, $"{layer}.mlp", FeedForward);

    /// <summary>Adds experts, and one that all tokens use.</summary>
    private static ModelFolder AddRouted(
        ModelFolder folder, string layer, int sharedWidth = 32, string shared = "shared_experts", int width = 32)
    {
        for (int expert = 0; expert < 4; expert++)
        {
            AddMlp(folder, $"{layer}.mlp.experts.{expert}", width);
        }

        return AddMlp(folder, $"{layer}.mlp.{shared}", sharedWidth);
    }

    private static ModelFolder AddMlp(ModelFolder folder, string name, int width) => folder.Add($"{name}.gate_proj.weight", width, Hidden)
        .Add($"{name}.up_proj.weight", width, Hidden).Add($"{name}.down_proj.weight", Hidden, width);

    private static ModelFolder AddRouter(ModelFolder folder, string layer) => folder.Add($"{layer}.mlp.gate.weight", 4, Hidden)
        .Add($"{layer}.mlp.gate.e_score_correction_bias", 4);

    /// <summary>Adds the attention and the norms of a layer.</summary>
    private static ModelFolder AddOneLayer(ModelFolder folder, string layer) => folder
        .Add($"{layer}.input_layernorm.weight", Hidden).Add($"{layer}.post_attention_layernorm.weight", Hidden)
        .Add($"{layer}.self_attn.q_proj.weight", Heads * HeadSize, Hidden)
        .Add($"{layer}.self_attn.k_proj.weight", KeyHeads * HeadSize, Hidden)
        .Add($"{layer}.self_attn.v_proj.weight", KeyHeads * HeadSize, Hidden)
        .Add($"{layer}.self_attn.o_proj.weight", Hidden, Heads * HeadSize)
        .Add($"{layer}.self_attn.q_norm.weight", HeadSize).Add($"{layer}.self_attn.k_norm.weight", HeadSize);

    /// <summary>Adds what a layer that predicts ahead has beside the rest.</summary>
    private static ModelFolder AddAhead(ModelFolder folder, string layer) => folder.Add($"{layer}.eh_proj.weight", Hidden, 2 * Hidden)
        .Add($"{layer}.enorm.weight", Hidden).Add($"{layer}.hnorm.weight", Hidden)
        .Add($"{layer}.embed_tokens.weight", Tokens, Hidden).Add($"{layer}.shared_head.head.weight", Tokens, Hidden)
        .Add($"{layer}.shared_head.norm.weight", Hidden);

    private static ModelFolder AddGlm4Moe(ModelFolder folder, string name, string[] tokens, bool predictsAhead)
    {
        folder.AddDecoder(biases: true, queryKeyNorms: true, feedForward: false).AddPreNorms();
        AddDense(folder, "model.layers.0");
        AddRouter(AddRouted(folder, "model.layers.1"), "model.layers.1");
        if (predictsAhead)
        {
            const string Last = "model.layers.2";
            AddAhead(AddRouter(AddRouted(AddOneLayer(folder, Last), Last), Last), Last);
        }

        folder.AddedTokens = tokens;
        return folder.Save(
            name,
            Routed + ",\"head_dim\":16,\"partial_rotary_factor\":0.5,\"rms_norm_eps\":1e-5,\"rope_theta\":1e6"
            + (predictsAhead ? Ahead : ""));
    }

    /// <summary>Adds latent attention and the norms of a layer.</summary>
    private static ModelFolder AddLatentLayer(ModelFolder folder, string layer, bool hasLowQueries)
    {
        if (hasLowQueries)
        {
            folder.Add($"{layer}.self_attn.q_a_proj.weight", 32, Hidden).Add($"{layer}.self_attn.q_a_layernorm.weight", 32)
                .Add($"{layer}.self_attn.q_b_proj.weight", Heads * 40, 32);
        }
        else
        {
            folder.Add($"{layer}.self_attn.q_proj.weight", Heads * 40, Hidden);
        }

        return folder.Add($"{layer}.self_attn.kv_a_proj_with_mqa.weight", 32 + 8, Hidden)
            .Add($"{layer}.self_attn.kv_a_layernorm.weight", 32).Add($"{layer}.self_attn.kv_b_proj.weight", Heads * (32 + 16), 32)
            .Add($"{layer}.self_attn.o_proj.weight", Hidden, Heads * 16)
            .Add($"{layer}.input_layernorm.weight", Hidden).Add($"{layer}.post_attention_layernorm.weight", Hidden);
    }

    /// <summary>Adds a model with latent attention: a dense layer, one with experts, and one that predicts ahead.</summary>
    private static ModelFolder AddDeepSeek(ModelFolder folder, string name, string more)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden);
        AddDense(AddLatentLayer(folder, "model.layers.0", hasLowQueries: true), "model.layers.0");
        foreach (string layer in (string[])["model.layers.1", "model.layers.2"])
        {
            AddRouter(AddRouted(AddLatentLayer(folder, layer, hasLowQueries: true), layer), layer);
        }

        AddAhead(folder, "model.layers.2");
        return folder.Save(name, Routed + Ahead + Latent + ",\"q_lora_rank\":32,\"rope_theta\":10000.0,\"rms_norm_eps\":1e-6" + more);
    }

    /// <summary>Adds a model with latent attention whose layers are dense, and whose head is the embedding.</summary>
    private static ModelFolder AddYoutu(ModelFolder folder)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden);
        foreach (string layer in (string[])["model.layers.0", "model.layers.1"])
        {
            AddDense(AddLatentLayer(folder, layer, hasLowQueries: false), layer);
        }

        return folder.Save("YoutuForCausalLM", Latent + ",\"tie_word_embeddings\":true,\"rope_theta\":1e6,\"rms_norm_eps\":1e-6");
    }

    private static ModelFolder AddExaoneMoe(ModelFolder folder)
    {
        folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms();
        AddDense(folder, "model.layers.0");
        AddRouted(folder, "model.layers.1").Add("model.layers.1.mlp.gate.weight", 4, Hidden)
            .Add("model.layers.1.mlp.e_score_correction_bias", 4);
        AddDense(AddOneLayer(folder, "mtp.layers.0"), "mtp.layers.0").Add("mtp.fc.weight", Hidden, 2 * Hidden)
            .Add("mtp.norm.weight", Hidden).Add("mtp.pre_fc_norm_embedding.weight", Hidden).Add("mtp.pre_fc_norm_hidden.weight", Hidden);
        return folder.Save(
            "ExaoneMoEForCausalLM",
            ",\"num_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,\"num_shared_experts\":1,"
            + "\"first_k_dense_replace\":1,\"routed_scaling_factor\":2.5,\"norm_topk_prob\":true,\"n_group\":1,\"topk_group\":1,"
            + "\"num_nextn_predict_layers\":1,\"scoring_func\":\"sigmoid\",\"head_dim\":16,\"sliding_window\":32,"
            + "\"layer_types\":[\"sliding_attention\",\"full_attention\"],\"rope_theta\":1e6,\"rms_norm_eps\":1e-5");
    }

    /// <summary>Adds a HunYuan, whose settings have a number for each layer.</summary>
    public static ModelFolder AddHunYuanMoe(ModelFolder folder)
    {
        folder.AddDecoder(feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.self_attn.query_layernorm.weight", HeadSize)
            .AddLayers("model.layers.*.self_attn.key_layernorm.weight", HeadSize)
            .AddLayers("model.layers.*.mlp.gate.wg.weight", 4, Hidden);
        AddRouted(folder, "model.layers.0", FeedForward, "shared_mlp", FeedForward);
        AddRouted(folder, "model.layers.1", FeedForward, "shared_mlp", FeedForward);
        return folder.Save(
            "HunYuanMoEV1ForCausalLM",
            ",\"num_experts\":4,\"moe_topk\":[2,2],\"moe_intermediate_size\":[96,96],\"num_shared_expert\":[1,1],\"head_dim\":16,"
            + "\"tie_word_embeddings\":true,\"rope_theta\":10000.0,\"rms_norm_eps\":1e-5");
    }

    private static ModelFolder AddErnieMoe(ModelFolder folder)
    {
        folder.AddDecoder(feedForward: false).AddPreNorms().Add("model.mtp_emb_norm.0.weight", Hidden)
            .Add("model.mtp_block.0.mlp.up_proj.weight", FeedForward, Hidden);
        AddDense(folder, "model.layers.0");
        AddRouted(folder, "model.layers.1", FeedForward / KeyHeads).Add("model.layers.1.mlp.gate.weight", 4, Hidden)
            .Add("model.layers.1.mlp.moe_statics.e_score_correction_bias", 1, 4);
        return folder.Save(
            "Ernie4_5_MoeForCausalLM",
            ",\"moe_num_experts\":4,\"moe_k\":2,\"moe_layer_interval\":1,\"moe_layer_start_index\":1,\"moe_intermediate_size\":32,"
            + "\"moe_num_shared_experts\":1,\"rms_norm_eps\":1e-5,\"rope_theta\":500000.0");
    }
}
