using System;
using System.IO;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>The tensors of families that need more than a line.</content>
internal static partial class ModelFamilies
{
    /// <summary>Adds the norms before and after each part of a layer.</summary>
    public static ModelFolder AddFourNorms(ModelFolder folder) =>
        folder.AddPreNorms().AddLayers("model.layers.*.pre_feedforward_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm.weight", Hidden);

    /// <summary>Adds a router and experts.</summary>
    public static ModelFolder AddExperts(ModelFolder folder, string router, string experts, string[] names, int width = 32)
    {
        folder.AddLayers($"model.layers.*.{router}.weight", 4, Hidden);
        for (int expert = 0; expert < 4; expert++)
        {
            folder.AddLayers($"model.layers.*.{experts}.{expert}.{names[0]}.weight", width, Hidden)
                .AddLayers($"model.layers.*.{experts}.{expert}.{names[1]}.weight", width, Hidden)
                .AddLayers($"model.layers.*.{experts}.{expert}.{names[2]}.weight", Hidden, width);
        }

        return folder;
    }

    private static ModelFolder AddSharedExperts(ModelFolder folder) => AddExperts(
        folder.AddDecoder(feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts", ["gate_proj", "up_proj", "down_proj"])
        .AddSharedFeedForward("model.layers.*.mlp.shared_experts");

    private static ModelFolder AddNormBiases(ModelFolder folder) => folder.Add("model.norm.bias", Hidden)
        .AddLayers("model.layers.*.input_layernorm.bias", Hidden).AddLayers("model.layers.*.post_attention_layernorm.bias", Hidden);

    private static ModelFolder AddPlainFeedForward(ModelFolder folder, bool biases = false)
    {
        folder.AddLayers("model.layers.*.mlp.up_proj.weight", FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, FeedForward);
        return biases
            ? folder.AddLayers("model.layers.*.mlp.up_proj.bias", FeedForward).AddLayers("model.layers.*.mlp.down_proj.bias", Hidden)
            : folder;
    }

    private static ModelFolder AddPhi2(ModelFolder folder)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden);
        AddWithBias(folder, "model.final_layernorm", Hidden);
        AddWithBias(folder, "lm_head", Tokens, Hidden);
        AddWithBias(folder, "model.layers.*.input_layernorm", Hidden);
        foreach (string part in (string[])["q_proj", "k_proj", "v_proj", "dense"])
        {
            AddWithBias(folder, $"model.layers.*.self_attn.{part}", Hidden, Hidden);
        }

        AddWithBias(folder, "model.layers.*.mlp.fc1", 4 * Hidden, Hidden);
        AddWithBias(folder, "model.layers.*.mlp.fc2", Hidden, 4 * Hidden);
        return folder.Save("PhiForCausalLM", ",\"num_key_value_heads\":null,\"partial_rotary_factor\":0.5");
    }

    private static ModelFolder AddPlm(ModelFolder folder)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).AddPreNorms()
            .AddLayers("model.layers.*.self_attn.q_proj.weight", Heads * 24, Hidden)
            .AddLayers("model.layers.*.self_attn.kv_a_proj_with_mqa.weight", 32 + 8, Hidden)
            .AddLayers("model.layers.*.self_attn.kv_a_layernorm.weight", 32)
            .AddLayers("model.layers.*.self_attn.kv_b_proj.weight", Heads * (16 + 16), 32)
            .AddLayers("model.layers.*.self_attn.o_proj.weight", Hidden, Heads * 16);
        return AddPlainFeedForward(folder).Save(
            "PLMForCausalLM",
            ",\"kv_lora_rank\":32,\"qk_nope_head_dim\":16,\"qk_rope_head_dim\":8,\"v_head_dim\":16,\"num_key_value_heads\":4");
    }

    private static ModelFolder AddStarCoder(ModelFolder folder)
    {
        folder.Add("transformer.wte.weight", Tokens, Hidden).Add("transformer.wpe.weight", 256, Hidden);
        AddWithBias(folder, "transformer.ln_f", Hidden);
        AddWithBias(folder, "transformer.h.*.ln_1", Hidden);
        AddWithBias(folder, "transformer.h.*.ln_2", Hidden);
        AddWithBias(folder, "transformer.h.*.attn.c_attn", Hidden + (2 * HeadSize), Hidden);
        AddWithBias(folder, "transformer.h.*.attn.c_proj", Hidden, Hidden);
        AddWithBias(folder, "transformer.h.*.mlp.c_fc", 4 * Hidden, Hidden);
        AddWithBias(folder, "transformer.h.*.mlp.c_proj", Hidden, 4 * Hidden);
        return folder.Save("GPTBigCodeForCausalLM", ",\"num_key_value_heads\":null");
    }

    private static ModelFolder AddNeoX(ModelFolder folder)
    {
        const string Layer = "gpt_neox.layers.*";
        folder.Add("gpt_neox.embed_in.weight", Tokens, Hidden).Add("embed_out.weight", Tokens, Hidden);
        AddWithBias(folder, "gpt_neox.final_layer_norm", Hidden);
        foreach (string norm in (string[])["input_layernorm", "post_attention_layernorm"])
        {
            AddWithBias(folder, $"{Layer}.{norm}", Hidden);
        }

        AddWithBias(folder, $"{Layer}.attention.query_key_value", 3 * Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.attention.dense", Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_h_to_4h", FeedForward, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_4h_to_h", Hidden, FeedForward);
        return folder.Save("GPTNeoXForCausalLM", ",\"rotary_pct\":0.5,\"num_key_value_heads\":null");
    }

    private static ModelFolder AddExaone(ModelFolder folder)
    {
        const string Layer = "transformer.h.*";
        return folder.Add("transformer.wte.weight", Tokens, Hidden).Add("transformer.ln_f.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .AddLayers($"{Layer}.ln_1.weight", Hidden).AddLayers($"{Layer}.ln_2.weight", Hidden)
            .AddLayers($"{Layer}.attn.attention.q_proj.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.attn.attention.k_proj.weight", KeyHeads * HeadSize, Hidden)
            .AddLayers($"{Layer}.attn.attention.v_proj.weight", KeyHeads * HeadSize, Hidden)
            .AddLayers($"{Layer}.attn.attention.out_proj.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.mlp.c_fc_0.weight", FeedForward, Hidden).AddLayers($"{Layer}.mlp.c_fc_1.weight", FeedForward, Hidden)
            .AddLayers($"{Layer}.mlp.c_proj.weight", Hidden, FeedForward)
            .Save(
                "ExaoneForCausalLM",
                ",\"activation_function\":\"silu\",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,"
                + "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":64}");
    }

    private static ModelFolder AddBloom(ModelFolder folder)
    {
        folder.Add("transformer.word_embeddings.weight", Tokens, Hidden);
        AddWithBias(folder, "transformer.word_embeddings_layernorm", Hidden);
        AddWithBias(folder, "transformer.ln_f", Hidden);
        const string Layer = "transformer.h.*";
        AddWithBias(folder, $"{Layer}.input_layernorm", Hidden);
        AddWithBias(folder, $"{Layer}.post_attention_layernorm", Hidden);
        AddWithBias(folder, $"{Layer}.self_attention.query_key_value", 3 * Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.self_attention.dense", Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_h_to_4h", 4 * Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_4h_to_h", Hidden, 4 * Hidden);
        return folder.Save("BloomForCausalLM", ",\"num_key_value_heads\":null,\"seq_length\":256,\"max_position_embeddings\":null");
    }

    private static ModelFolder AddMamba(ModelFolder folder, string mixer, int inProjection, int channels) => folder
        .AddLayers($"{mixer}.in_proj.weight", inProjection, Hidden)
        .AddLayers($"{mixer}.conv1d.weight", channels, 1, 4).AddLayers($"{mixer}.conv1d.bias", channels)
        .AddLayers($"{mixer}.out_proj.weight", Hidden, Inner);

    /// <summary>Adds eight heads of 16, two groups and states of 16.</summary>
    private static ModelFolder AddMamba2(ModelFolder folder, string mixer) =>
        AddMamba(folder, mixer, inProjection: (2 * Inner) + 64 + 8, channels: Inner + 64)
            .AddLayers($"{mixer}.dt_bias", 8).AddLayers($"{mixer}.A_log", 8).AddLayers($"{mixer}.D", 8)
            .AddLayers($"{mixer}.norm.weight", Inner);

    private static ModelFolder AddGranite4(ModelFolder folder, params string[] types)
    {
        folder.AddDecoder(feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.shared_mlp.input_linear.weight", 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.shared_mlp.output_linear.weight", Hidden, FeedForward);
        if (types[0] == "mamba")
        {
            foreach (string part in (string[])["q_proj", "k_proj", "v_proj", "o_proj"])
            {
                folder.Remove($"model.layers.0.self_attn.{part}.weight");
            }

            AddMamba2(folder, "model.layers.0.mamba");
        }

        return folder.Save(
            "GraniteMoeHybridForCausalLM",
            $",\"layer_types\":[\"{string.Join("\",\"", types)}\"],\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,"
            + "\"shared_intermediate_size\":96,\"num_local_experts\":0,\"mamba_d_conv\":4,\"mamba_d_state\":16,\"mamba_n_groups\":2,"
            + "\"mamba_n_heads\":8,\"mamba_d_head\":16,\"mamba_expand\":2,\"attention_multiplier\":0.25,\"embedding_multiplier\":2.0,"
            + "\"residual_multiplier\":0.5,\"logits_scaling\":4.0,\"hidden_act\":\"silu\"");
    }

    private static ModelFolder AddGpt2(ModelFolder folder)
    {
        folder.Add("wte.weight", Tokens, Hidden).Add("wpe.weight", 256, Hidden);
        AddWithBias(folder, "ln_f", Hidden);
        AddWithBias(folder, "h.*.ln_1", Hidden);
        AddWithBias(folder, "h.*.ln_2", Hidden);
        foreach ((string name, int rows, int columns) in ((string, int, int)[])
            [
                ("attn.c_attn", Hidden, 3 * Hidden), ("attn.c_proj", Hidden, Hidden), ("mlp.c_fc", Hidden, 4 * Hidden),
                ("mlp.c_proj", 4 * Hidden, Hidden),
            ])
        {
            folder.AddLayers($"h.*.{name}.weight", rows, columns).AddLayers($"h.*.{name}.bias", columns);
        }

        return folder.Save("GPT2LMHeadModel", ",\"num_key_value_heads\":null");
    }

    private static ModelFolder AddLfm2(ModelFolder folder)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.embedding_norm.weight", Hidden);
        folder.AddLayers("model.layers.*.operator_norm.weight", Hidden).AddLayers("model.layers.*.ffn_norm.weight", Hidden)
            .AddLayers("model.layers.*.feed_forward.w1.weight", 256, Hidden).AddLayers("model.layers.*.feed_forward.w3.weight", 256, Hidden)
            .AddLayers("model.layers.*.feed_forward.w2.weight", Hidden, 256);
        folder.Add("model.layers.0.conv.conv.weight", Hidden, 1, 3).Add("model.layers.0.conv.in_proj.weight", 3 * Hidden, Hidden)
            .Add("model.layers.0.conv.out_proj.weight", Hidden, Hidden);
        folder.Add("model.layers.1.self_attn.q_proj.weight", Hidden, Hidden).Add("model.layers.1.self_attn.k_proj.weight", 32, Hidden)
            .Add("model.layers.1.self_attn.v_proj.weight", 32, Hidden).Add("model.layers.1.self_attn.out_proj.weight", Hidden, Hidden)
            .Add("model.layers.1.self_attn.q_layernorm.weight", HeadSize).Add("model.layers.1.self_attn.k_layernorm.weight", HeadSize);
        return folder.Save("Lfm2ForCausalLM", ",\"layer_types\":[\"conv\",\"full_attention\"],\"norm_eps\":1e-5,\"block_multiple_of\":256");
    }

    /// <summary>Replaces the feed-forward of the last layer by experts.</summary>
    private static ModelFolder AddLfm2Moe(ModelFolder folder)
    {
        const string Layer = "model.layers.1.feed_forward";
        _ = AddLfm2(folder);
        foreach (string part in (string[])["w1", "w2", "w3"])
        {
            folder.Remove($"{Layer}.{part}.weight");
        }

        folder.Add($"{Layer}.gate.weight", 4, Hidden).Add($"{Layer}.expert_bias", 4);
        for (int expert = 0; expert < 4; expert++)
        {
            folder.Add($"{Layer}.experts.{expert}.w1.weight", 32, Hidden).Add($"{Layer}.experts.{expert}.w2.weight", Hidden, 32)
                .Add($"{Layer}.experts.{expert}.w3.weight", 32, Hidden);
        }

        return folder.Save(
            "Lfm2MoeForCausalLM",
            Experts + ",\"layer_types\":[\"conv\",\"full_attention\"],\"norm_eps\":1e-5,\"num_dense_layers\":1,\"intermediate_size\":256");
    }

    private static ModelFolder AddStarCoder2(ModelFolder folder)
    {
        AddNormBiases(folder.AddDecoder(biases: true, feedForward: false).AddPreNorms())
            .AddLayers("model.layers.*.self_attn.o_proj.bias", Hidden);
        AddWithBias(folder, "model.layers.*.mlp.c_fc", FeedForward, Hidden);
        AddWithBias(folder, "model.layers.*.mlp.c_proj", Hidden, FeedForward);
        return folder.Save("Starcoder2ForCausalLM", ",\"norm_epsilon\":1e-5");
    }

    private static ModelFolder AddBert(ModelFolder folder)
    {
        folder.Add("embeddings.word_embeddings.weight", Tokens, Hidden).Add("embeddings.position_embeddings.weight", 256, Hidden)
            .Add("embeddings.token_type_embeddings.weight", 2, Hidden);
        AddWithBias(folder, "embeddings.LayerNorm", Hidden);
        AddWithBias(folder, "pooler.dense", Hidden, Hidden);
        foreach (string part in (string[])["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"])
        {
            AddWithBias(folder, $"encoder.layer.*.{part}", Hidden, Hidden);
        }

        AddWithBias(folder, "encoder.layer.*.attention.output.LayerNorm", Hidden);
        AddWithBias(folder, "encoder.layer.*.output.LayerNorm", Hidden);
        AddWithBias(folder, "encoder.layer.*.intermediate.dense", FeedForward, Hidden);
        AddWithBias(folder, "encoder.layer.*.output.dense", Hidden, FeedForward);
        return AddMeanPooling(folder).Save("BertModel", ",\"num_key_value_heads\":null").WriteWordPieces();
    }

    private static ModelFolder AddMeanPooling(ModelFolder folder)
    {
        folder.Write("modules.json", """[{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]""");
        Directory.CreateDirectory(Path.Join(folder.Path, "1_Pooling"));
        folder.Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");
        return folder;
    }

    private static void AddWithBias(ModelFolder folder, string name, params long[] shape)
    {
        Action<string, long[]> add = name.Contains('*', StringComparison.Ordinal)
            ? (tensor, dimensions) => folder.AddLayers(tensor, dimensions)
            : (tensor, dimensions) => folder.Add(tensor, dimensions);
        add($"{name}.weight", shape);
        add($"{name}.bias", [shape[0]]);
    }
}
