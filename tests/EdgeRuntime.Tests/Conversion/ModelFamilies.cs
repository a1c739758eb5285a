using System;
using System.Collections.Generic;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Small models of each family in Hugging Face's layout.</summary>
internal static partial class ModelFamilies
{
    /// <summary>The settings of models with experts.</summary>
    public const string Experts = ",\"num_experts\":4,\"num_local_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32";

    /// <summary>The settings of models without attention: those of the usual configuration that they lack are null.</summary>
    private const string NoAttention = ",\"num_attention_heads\":null,\"num_key_value_heads\":null,\"max_position_embeddings\":null,"
        + "\"layer_norm_epsilon\":1e-5,\"conv_kernel\":4";

    private const int Inner = 2 * Hidden;

    /// <summary>Gets what fills a folder with a model, by the name of the family.</summary>
    public static Dictionary<string, Func<ModelFolder, ModelFolder>> All { get; } = new()
    {
        ["llama"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Save("LlamaForCausalLM"),
        ["mixtral"] = static folder => AddExperts(
            folder.AddDecoder(feedForward: false).AddPreNorms(), "block_sparse_moe.gate", "block_sparse_moe.experts", ["w1", "w3", "w2"],
            FeedForward)
            .Save("MixtralForCausalLM", Experts),
        ["granite"] = static folder => folder.AddDecoder().AddPreNorms().Save(
            "GraniteForCausalLM",
            ",\"attention_multiplier\":0.25,\"embedding_multiplier\":2.0,\"residual_multiplier\":0.5,\"logits_scaling\":4.0"),
        ["granitemoe"] = static folder => folder.AddDecoder(feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.block_sparse_moe.router.layer.weight", 4, Hidden)
            .AddLayers("model.layers.*.block_sparse_moe.input_linear.weight", 4, 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.block_sparse_moe.output_linear.weight", 4, Hidden, FeedForward)
            .Save(
                "GraniteMoeForCausalLM",
                ",\"num_local_experts\":4,\"num_experts_per_tok\":2,\"attention_multiplier\":0.25,\"embedding_multiplier\":2.0,"
                + "\"residual_multiplier\":0.5,\"logits_scaling\":4.0"),
        ["smollm3"] = static folder => folder.AddDecoder().AddPreNorms().Save("SmolLM3ForCausalLM"),
        ["qwen2"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Save("Qwen2ForCausalLM"),
        ["qwen3"] = static folder =>
            folder.AddDecoder(queryKeyNorms: true).AddPreNorms().Save("Qwen3ForCausalLM", ",\"head_dim\":16"),
        ["qwen3moe"] = static folder => AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"]).Save("Qwen3MoeForCausalLM", Experts + ",\"head_dim\":16"),
        ["gemma"] = static folder => folder.AddDecoder().AddPreNorms().Save("GemmaForCausalLM", ",\"head_dim\":16"),
        ["gemma2"] = static folder =>
            AddFourNorms(folder.AddDecoder()).Save("Gemma2ForCausalLM", ",\"head_dim\":16"),
        ["gemma3"] = static folder =>
            AddFourNorms(folder.AddDecoder(queryKeyNorms: true)).Save("Gemma3ForCausalLM", ",\"head_dim\":16,\"sliding_window\":32"),
        ["phi3"] = static folder => folder.AddPreNorms()
            .Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden)
            .AddLayers("model.layers.*.self_attn.qkv_proj.weight", (Heads + (2 * KeyHeads)) * HeadSize, Hidden)
            .AddLayers("model.layers.*.self_attn.o_proj.weight", Hidden, Heads * HeadSize)
            .AddLayers("model.layers.*.mlp.gate_up_proj.weight", 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, FeedForward)
            .Save("Phi3ForCausalLM", ",\"original_max_position_embeddings\":256,\"rms_norm_eps\":1e-5"),
        ["olmo2"] = static folder => folder.AddDecoder()
            .AddLayers("model.layers.*.self_attn.q_norm.weight", Heads * HeadSize)
            .AddLayers("model.layers.*.self_attn.k_norm.weight", KeyHeads * HeadSize)
            .AddLayers("model.layers.*.post_attention_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm.weight", Hidden)
            .Save("Olmo2ForCausalLM"),
        ["stablelm"] = static folder => folder.AddDecoder().AddPreNorms().Add("model.norm.bias", Hidden)
            .AddLayers("model.layers.*.input_layernorm.bias", Hidden).AddLayers("model.layers.*.post_attention_layernorm.bias", Hidden)
            .Save("StableLmForCausalLM", ",\"partial_rotary_factor\":0.5,\"use_parallel_residual\":false"),
        ["nanbeige"] = static folder => folder.AddDecoder().AddPreNorms().Save("NanbeigeForCausalLM", ",\"num_loops\":2"),
        ["kormo"] = static folder => folder.AddDecoder()
            .AddLayers("model.layers.*.pre_attention_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.pre_mlp_layernorm.weight", Hidden)
            .Save("KORMoForCausalLM"),
        ["dream"] = static folder =>
            folder.AddDecoder(biases: true).AddPreNorms().Save("DreamModel", ",\"mask_token_id\":150"),
        ["qwen2vl"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Add("visual.patch_embed.proj.weight", Hidden, 3, 2, 2)
            .Save("Qwen2VLForConditionalGeneration", ",\"rope_scaling\":{\"type\":\"mrope\",\"mrope_section\":[2,3,3]}"),
        ["qwen3vl"] = static folder => folder.AddDecoder(queryKeyNorms: true).AddPreNorms()
            .Save(
                "Qwen3VLForConditionalGeneration",
                ",\"head_dim\":16,\"rope_scaling\":{\"rope_type\":\"default\",\"mrope_section\":[2,3,3]},"
                + "\"vision_config\":{\"deepstack_visual_indexes\":[0,1]}"),
        ["rnd1"] = static folder => AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"]).Save("RND1", Experts + ",\"head_dim\":16,\"mask_token_id\":150"),
        ["mellum"] = static folder => AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"]).Save(
                "MellumForCausalLM",
                Experts + ",\"head_dim\":16,\"sliding_window\":64,\"layer_types\":[\"sliding_attention\",\"full_attention\"]"),
        ["phimoe"] = static folder => AddExperts(
            AddNormBiases(folder.AddDecoder(biases: true, feedForward: false).AddPreNorms()).Add("lm_head.bias", Tokens)
                .AddLayers("model.layers.*.self_attn.o_proj.bias", Hidden),
            "block_sparse_moe.gate", "block_sparse_moe.experts", ["w1", "w3", "w2"], FeedForward).Save("PhiMoEForCausalLM", Experts),
        ["minimax-m2"] = static folder => AddExperts(
            folder.AddDecoder(feedForward: false).AddPreNorms(), "block_sparse_moe.gate", "block_sparse_moe.experts",
            ["w1", "w3", "w2"], FeedForward)
            .AddLayers("model.layers.*.self_attn.q_norm.weight", Heads * HeadSize)
            .AddLayers("model.layers.*.self_attn.k_norm.weight", KeyHeads * HeadSize)
            .AddLayers("model.layers.*.block_sparse_moe.e_score_correction_bias", 4)
            .Save("MiniMaxM2ForCausalLM", Experts + ",\"rotary_dim\":8,\"head_dim\":16,\"scoring_func\":\"sigmoid\""),
        ["deepseek"] = static folder => AddSharedExperts(folder).Save(
            "DeepseekForCausalLM",
            ",\"n_routed_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,\"n_shared_experts\":1,"
            + "\"first_k_dense_replace\":0"),
        ["dots1"] = static folder => AddSharedExperts(folder)
            .AddLayers("model.layers.*.self_attn.q_norm.weight", HeadSize)
            .AddLayers("model.layers.*.self_attn.k_norm.weight", HeadSize)
            .AddLayers("model.layers.*.mlp.gate.e_score_correction_bias", 4)
            .Save(
                "Dots1ForCausalLM",
                ",\"n_routed_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,\"n_shared_experts\":1,"
                + "\"first_k_dense_replace\":0,\"routed_scaling_factor\":2.5,\"norm_topk_prob\":true,\"scoring_func\":\"sigmoid\","
                + "\"n_group\":1,\"topk_group\":1"),
        ["phi2"] = AddPhi2,
        ["nemotron"] = static folder => AddPlainFeedForward(AddNormBiases(folder.AddDecoder(feedForward: false).AddPreNorms()))
            .Save("NemotronForCausalLM", ",\"partial_rotary_factor\":0.5,\"norm_eps\":1e-5"),
        ["cohere2"] = static folder => folder.AddDecoder().Remove("lm_head.weight")
            .AddLayers("model.layers.*.input_layernorm.weight", Hidden)
            .Save("Cohere2ForCausalLM", ",\"rotary_pct\":1.0,\"sliding_window\":64,\"logit_scale\":0.25"),
        ["exaone4"] = static folder => folder.AddDecoder(queryKeyNorms: true)
            .AddLayers("model.layers.*.post_attention_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm.weight", Hidden)
            .Save("Exaone4ForCausalLM", ",\"sliding_window\":64,\"sliding_window_pattern\":\"LG\""),
        ["arcee"] = static folder => AddPlainFeedForward(folder.AddDecoder(feedForward: false).AddPreNorms()).Save("ArceeForCausalLM"),
        ["olmo"] = static folder => folder.AddDecoder().Remove("model.norm.weight").Save("OlmoForCausalLM"),
        ["olmoe"] = static folder => AddExperts(
            folder.AddDecoder(feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts", ["gate_proj", "up_proj", "down_proj"],
            FeedForward)
            .AddLayers("model.layers.*.self_attn.q_norm.weight", Heads * HeadSize)
            .AddLayers("model.layers.*.self_attn.k_norm.weight", KeyHeads * HeadSize)
            .Save("OlmoeForCausalLM", Experts),
        ["starcoder2"] = AddStarCoder2,
        ["command-r"] = static folder => folder.AddDecoder().Remove("lm_head.weight")
            .AddLayers("model.layers.*.input_layernorm.weight", Hidden)
            .Save("CohereForCausalLM", ",\"logit_scale\":0.25,\"model_max_length\":512"),
        ["seed_oss"] = static folder =>
            folder.AddDecoder(biases: true).AddPreNorms().Save("SeedOssForCausalLM", ",\"head_dim\":16"),
        ["qwen2moe"] = static folder => AddExperts(
            folder.AddDecoder(biases: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"])
            .AddLayers("model.layers.*.mlp.shared_expert.gate_proj.weight", 32, Hidden)
            .AddLayers("model.layers.*.mlp.shared_expert.up_proj.weight", 32, Hidden)
            .AddLayers("model.layers.*.mlp.shared_expert.down_proj.weight", Hidden, 32)
            .AddLayers("model.layers.*.mlp.shared_expert_gate.weight", 1, Hidden)
            .Save("Qwen2MoeForCausalLM", Experts + ",\"shared_expert_intermediate_size\":32"),
        ["lfm2moe"] = AddLfm2Moe,
        ["exaone"] = AddExaone,
        ["ernie4_5"] = static folder => folder.AddDecoder().AddPreNorms().Save("Ernie4_5ForCausalLM"),
        ["hunyuan-dense"] = static folder => folder.AddDecoder().AddPreNorms()
            .AddLayers("model.layers.*.self_attn.query_layernorm.weight", HeadSize)
            .AddLayers("model.layers.*.self_attn.key_layernorm.weight", HeadSize)
            .Save(
                "HunYuanDenseV1ForCausalLM",
                ",\"head_dim\":16,\"rope_theta\":10000.0,\"rms_norm_eps\":1e-6,\"max_position_embeddings\":32768,"
                + "\"rope_scaling\":{\"type\":\"dynamic\",\"alpha\":1000.0,\"factor\":1.0}"),
        ["bloom"] = AddBloom,
        ["mistral3"] = static folder => folder.AddDecoder().AddPreNorms().Save(
            "Ministral3ForCausalLM",
            ",\"head_dim\":16,\"model_type\":\"ministral3\",\"rope_parameters\":{\"rope_type\":\"yarn\",\"rope_theta\":1e6,"
            + "\"factor\":16.0,\"original_max_position_embeddings\":64,\"beta_fast\":32.0,\"beta_slow\":1.0,"
            + "\"mscale_all_dim\":1.0,\"llama_4_scaling_beta\":0.1}"),
        ["mamba"] = static folder => AddMamba(folder, "backbone.layers.*.mixer", inProjection: 2 * Inner, channels: Inner)
            .Add("backbone.embeddings.weight", Tokens, Hidden).Add("backbone.norm_f.weight", Hidden)
            .AddLayers("backbone.layers.*.norm.weight", Hidden)
            .AddLayers("backbone.layers.*.mixer.x_proj.weight", 4 + 32, Inner)
            .AddLayers("backbone.layers.*.mixer.dt_proj.weight", Inner, 4).AddLayers("backbone.layers.*.mixer.dt_proj.bias", Inner)
            .AddLayers("backbone.layers.*.mixer.A_log", Inner, 16).AddLayers("backbone.layers.*.mixer.D", Inner)
            .Save("MambaForCausalLM", NoAttention + ",\"intermediate_size\":128,\"state_size\":16,\"time_step_rank\":4"),
        ["mamba2"] = static folder => AddMamba2(folder, "backbone.layers.*.mixer")
            .Add("backbone.embeddings.weight", Tokens, Hidden).Add("backbone.norm_f.weight", Hidden).Add("lm_head.weight", Tokens, Hidden)
            .AddLayers("backbone.layers.*.norm.weight", Hidden)
            .Save(
                "Mamba2ForCausalLM",
                NoAttention + ",\"intermediate_size\":null,\"state_size\":16,\"head_dim\":16,\"n_groups\":2,\"expand\":2"),
        ["granitehybrid"] = static folder => AddGranite4(folder, "mamba", "attention"),
        ["granite4"] = static folder => AddGranite4(folder, "attention", "attention"),
        ["falcon-h1"] = static folder => AddMamba2(folder.AddDecoder(feedForward: false), "model.layers.*.mamba")
            .Remove("model.norm.weight").Add("model.final_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.input_layernorm.weight", Hidden).AddLayers("model.layers.*.pre_ff_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.feed_forward.gate_proj.weight", FeedForward, Hidden)
            .AddLayers("model.layers.*.feed_forward.up_proj.weight", FeedForward, Hidden)
            .AddLayers("model.layers.*.feed_forward.down_proj.weight", Hidden, FeedForward)
            .Save(
                "FalconH1ForCausalLM",
                ",\"head_dim\":16,\"rms_norm_eps\":1e-5,\"rope_theta\":1e5,\"mamba_d_ssm\":128,\"mamba_d_state\":16,\"mamba_n_groups\":2,"
                + "\"mamba_d_conv\":4,\"mamba_d_head\":16,\"mamba_n_heads\":8,\"mamba_expand\":2,\"attention_in_multiplier\":0.9,"
                + "\"attention_out_multiplier\":0.7,\"ssm_in_multiplier\":1.3,\"ssm_out_multiplier\":0.3,\"mlp_multipliers\":[0.6,1.1],"
                + "\"ssm_multipliers\":[0.2,0.4,0.6,0.8,1.2],\"key_multiplier\":0.4,"
                + "\"embedding_multiplier\":5.6,\"lm_head_multiplier\":0.03"),
        ["qwen3vlmoe"] = static folder => folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.mlp.gate.weight", 4, Hidden)
            .AddLayers("model.layers.*.mlp.experts.gate_up_proj", 4, Hidden, 64)
            .AddLayers("model.layers.*.mlp.experts.down_proj", 4, 32, Hidden)
            .Save(
                "Qwen3VLMoeForConditionalGeneration",
                Experts + ",\"head_dim\":16,\"rope_scaling\":{\"rope_type\":\"default\",\"mrope_section\":[2,3,3]},"
                + "\"vision_config\":{\"deepstack_visual_indexes\":[0,1,2]}"),
        ["gemma-embedding"] = static folder =>
        {
            AddMeanPooling(AddFourNorms(folder.AddDecoder(queryKeyNorms: true)).Remove("lm_head.weight").RemovePrefix("model."));
            return folder.Save("Gemma3TextModel", ",\"head_dim\":16,\"sliding_window\":32");
        },
        ["gemma3n"] = AddGemma3N,
        ["gemma4"] = AddGemma4,
        ["gemma4moe"] = AddGemma4Moe,
        ["bailingmoe"] = AddLing1,
        ["bailingmoe2"] = AddLing2,
        ["qwen3next"] = AddQwen3Next,
        ["qwen35"] = AddQwen35,
        ["qwen35moe"] = AddQwen35Moe,
        ["minicpm"] = static folder => folder.AddDecoder().AddPreNorms()
            .Save("MiniCPMForCausalLM", ",\"scale_emb\":12,\"scale_depth\":1.4,\"dim_model_base\":32"),
        ["plm"] = AddPlm,
        ["jais2"] = static folder => AddPlainFeedForward(
            AddNormBiases(folder.AddDecoder(biases: true, feedForward: false).AddPreNorms())
                .AddLayers("model.layers.*.self_attn.o_proj.bias", Hidden),
            biases: true).Save("Jais2ForCausalLM", ",\"layer_norm_eps\":1e-5"),
        ["orion"] = static folder =>
            AddNormBiases(folder.AddDecoder().AddPreNorms()).Save("OrionForCausalLM", ",\"rms_norm_eps\":1e-5"),
        ["pangu-embedded"] = static folder => folder.AddDecoder(biases: true).AddPreNorms()
            .AddLayers("model.layers.*.self_attn.o_proj.bias", Hidden).Save("PanguEmbeddedForCausalLM"),
        ["maincoder"] = static folder =>
            folder.AddDecoder(queryKeyNorms: true).AddPreNorms().Save("MaincoderForCausalLM", ",\"head_dim\":16"),
        ["starcoder"] = AddStarCoder,
        ["gptneox"] = AddNeoX,
        ["gpt2"] = AddGpt2,
        ["falcon"] = static folder => AddFalcon(folder, keyHeads: 1, "input_layernorm").Save(
            "FalconForCausalLM", ",\"num_key_value_heads\":null,\"multi_query\":true,\"layer_norm_epsilon\":1e-5,\"alibi\":false"),
        ["falcon-40b"] = static folder => AddFalcon(folder, keyHeads: 2, "ln_mlp", "ln_attn").Save(
            "FalconForCausalLM", ",\"num_key_value_heads\":null,\"num_kv_heads\":2,\"layer_norm_epsilon\":1e-5"),
        ["mpt"] = static folder => AddMpt(folder).Save(
            "MPTForCausalLM",
            MptNames + "\"attn_config\":{\"alibi\":true,\"alibi_bias_max\":8,\"clip_qkv\":null}"),
        ["mpt-clip"] = static folder => AddMpt(folder, keyHeads: KeyHeads).Save(
            "MPTForCausalLM",
            MptNames + "\"attn_config\":{\"alibi\":false,\"alibi_bias_max\":8,\"clip_qkv\":6,\"kv_n_heads\":2}"),
        ["internlm2"] = static folder => AddInternLm2(folder).Save("InternLM2ForCausalLM", ",\"rms_norm_eps\":1e-5,\"rope_theta\":1e6"),
        ["baichuan"] = static folder => AddBaichuan(folder).Save("BaichuanForCausalLM", ",\"num_key_value_heads\":null"),
        ["jais"] = AddJais,
        ["refact"] = AddRefact,
        ["codeshell"] = AddCodeShell,
        ["dbrx"] = AddDbrx,
        ["openelm"] = AddOpenElm,
        ["internlm3"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Save(
            "InternLM3ForCausalLM", ",\"head_dim\":16,\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":6.0}"),
        ["xverse"] = static folder => folder.AddDecoder().AddPreNorms().Add("model.layers.0.self_attn.rotary_emb.inv_freq", 8)
            .WithAllHeads().Save("XverseForCausalLM", ",\"num_key_value_heads\":null"),
        ["bitnet"] = static folder => folder.AddDecoder().AddPreNorms().Remove("lm_head.weight")
            .AddLayers("model.layers.*.self_attn.inner_attn_ln.weight", Hidden)
            .AddLayers("model.layers.*.mlp.ffn_layernorm.weight", FeedForward)
            .Save("BitnetForCausalLM", ",\"rms_norm_eps\":1e-5,\"tie_word_embeddings\":true"),
        ["deci"] = AddDeci,
        ["deci-7b"] = AddDeci7,
        ["apertus"] = AddApertus,
        ["gpt-oss"] = static folder => AddGptOss(folder, isFourBit: true),
        ["gpt-oss-float"] = static folder => AddGptOss(folder, isFourBit: false),
        ["chatglm"] = AddChatGlm,
        ["glm4"] = AddGlm4,
        ["glm4moe"] = static folder => AddGlm4Moe(folder, "Glm4MoeForCausalLM", GlmTokens, predictsAhead: true),
        ["solar-open"] = static folder => AddGlm4Moe(
            folder, "SolarOpenForCausalLM", ["<|endoftext|>", "<|startoftext|>", "<unk>"], predictsAhead: false),
        ["deepseek2"] = static folder => AddDeepSeek(
            folder,
            "DeepseekV3ForCausalLM",
            ",\"scoring_func\":\"sigmoid\",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":40.0,\"beta_fast\":32.0,\"beta_slow\":1.0,"
            + "\"mscale\":1.0,\"mscale_all_dim\":1.0,\"original_max_position_embeddings\":64}"),
        ["glm4moelite"] = static folder =>
        {
            folder.AddedTokens = GlmTokens;
            return AddDeepSeek(folder, "Glm4MoeLiteForCausalLM", "");
        },
        ["youtu"] = AddYoutu,
        ["exaone-moe"] = AddExaoneMoe,
        ["hunyuan-moe"] = AddHunYuanMoe,
        ["ernie4_5-moe"] = AddErnieMoe,
        ["lfm2"] = AddLfm2,
        ["bert"] = AddBert,
        ["jamba"] = AddJamba,
        ["jamba-first"] = AddFirstJamba,
        ["nemotron_h"] = AddNemotronH,
        ["nemotron_h_moe"] = AddNemotronHMoe,
        ["minicpm3"] = AddMiniCpm3,
        ["nomic-bert"] = static folder => AddNomic(folder, hasExperts: false),
        ["nomic-bert-moe"] = static folder => AddNomic(folder, hasExperts: true),
        ["modern-bert"] = static folder => AddModernBert(folder, isReranker: false),
        ["modern-bert-reranker"] = static folder => AddModernBert(folder, isReranker: true),
        ["neo-bert"] = AddNeoBert,
        ["jina-bert-v2"] = static folder => AddJinaBert(folder, isOfCode: false),
        ["jina-bert-v2-code"] = static folder => AddJinaBert(folder, isOfCode: true),
        ["distilbert"] = AddDistilBert,
        ["llama4"] = AddLlama4,
        ["llama4-text"] = AddLlama4Text,
        ["afmoe"] = AddAfmoe,
        ["grovemoe"] = AddGroveMoe,
        ["arctic"] = AddArctic,
        ["smallthinker"] = AddSmallThinker,
        ["kimi-linear"] = AddKimiLinear,
        ["cohere2moe"] = AddCohere2Moe,
        ["mimo2"] = AddMiMo2,
        ["step35"] = AddStep35,
        ["hy_v3"] = AddHyV3,
        ["eurobert"] = static folder =>
        {
            AddMeanPooling(folder.AddDecoder().AddPreNorms().Remove("lm_head.weight"));
            return folder.Save("EuroBertModel");
        },
    };
}
