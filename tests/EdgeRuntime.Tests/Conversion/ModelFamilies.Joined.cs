using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>The tensors of families that join queries, keys and values.</content>
internal static partial class ModelFamilies
{
    /// <summary>The configuration of MPT, which has other names than most.</summary>
    private const string MptNames = ",\"hidden_size\":null,\"d_model\":64,\"num_attention_heads\":null,\"n_heads\":4,"
        + "\"num_key_value_heads\":null,\"max_position_embeddings\":null,\"max_seq_len\":256,\"intermediate_size\":null,";

    /// <summary>The names that GPT-2 and its successors have for the sizes.</summary>
    private const string Gpt2Sizes = ",\"n_embd\":64,\"n_head\":4,\"n_layer\":2,\"n_positions\":256,\"n_inner\":96,"
        + "\"num_key_value_heads\":null,\"layer_norm_epsilon\":1e-5";

    private static ModelFolder AddFalcon(ModelFolder folder, int keyHeads, params string[] norms)
    {
        const string Layer = "transformer.h.*";
        folder.Add("transformer.word_embeddings.weight", Tokens, Hidden).Add("lm_head.weight", Tokens, Hidden);
        AddWithBias(folder, "transformer.ln_f", Hidden);
        foreach (string norm in norms)
        {
            AddWithBias(folder, $"{Layer}.{norm}", Hidden);
        }

        return folder.AddLayers($"{Layer}.self_attention.query_key_value.weight", (Heads + (2 * keyHeads)) * HeadSize, Hidden)
            .AddLayers($"{Layer}.self_attention.dense.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.mlp.dense_h_to_4h.weight", 4 * Hidden, Hidden)
            .AddLayers($"{Layer}.mlp.dense_4h_to_h.weight", Hidden, 4 * Hidden);
    }

    private static ModelFolder AddMpt(ModelFolder folder, int keyHeads = Heads)
    {
        const string Layer = "transformer.blocks.*";
        folder.Add("transformer.wte.weight", Tokens, Hidden).Add("transformer.norm_f.weight", Hidden)
            .AddLayers($"{Layer}.norm_1.weight", Hidden).AddLayers($"{Layer}.norm_2.weight", Hidden)
            .AddLayers($"{Layer}.attn.Wqkv.weight", (Heads + (2 * keyHeads)) * HeadSize, Hidden)
            .AddLayers($"{Layer}.attn.out_proj.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.ffn.up_proj.weight", 4 * Hidden, Hidden)
            .AddLayers($"{Layer}.ffn.down_proj.weight", Hidden, 4 * Hidden);
        return keyHeads == Heads
            ? folder
            : folder.Add("transformer.wpe.weight", 256, Hidden)
                .AddLayers($"{Layer}.attn.q_ln.weight", Hidden).AddLayers($"{Layer}.attn.k_ln.weight", keyHeads * HeadSize)
                .AddLayers($"{Layer}.attn.Wqkv.bias", (Heads + (2 * keyHeads)) * HeadSize);
    }

    private static ModelFolder AddInternLm2(ModelFolder folder)
    {
        const string Layer = "model.layers.*";
        return folder.Add("model.tok_embeddings.weight", Tokens, Hidden).Add("model.norm.weight", Hidden)
            .Add("output.weight", Tokens, Hidden)
            .AddLayers($"{Layer}.attention_norm.weight", Hidden).AddLayers($"{Layer}.ffn_norm.weight", Hidden)
            .AddLayers($"{Layer}.attention.wqkv.weight", (Heads + (2 * KeyHeads)) * HeadSize, Hidden)
            .AddLayers($"{Layer}.attention.wo.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.feed_forward.w1.weight", FeedForward, Hidden)
            .AddLayers($"{Layer}.feed_forward.w3.weight", FeedForward, Hidden)
            .AddLayers($"{Layer}.feed_forward.w2.weight", Hidden, FeedForward);
    }

    private static ModelFolder AddBaichuan(ModelFolder folder) => folder.AddPreNorms().AddFeedForward()
        .Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden)
        .AddLayers("model.layers.*.self_attn.W_pack.weight", 3 * Hidden, Hidden)
        .AddLayers("model.layers.*.self_attn.o_proj.weight", Hidden, Hidden);

    private static ModelFolder AddGpt2Norms(ModelFolder folder)
    {
        AddWithBias(folder, "transformer.ln_f", Hidden);
        AddWithBias(folder, "transformer.h.*.ln_1", Hidden);
        AddWithBias(folder, "transformer.h.*.ln_2", Hidden);
        return folder;
    }

    private static ModelFolder AddJais(ModelFolder folder)
    {
        const string Layer = "transformer.h.*";
        AddGpt2Norms(folder.Add("transformer.wte.weight", Tokens, Hidden).Add("lm_head.weight", Tokens, Hidden));
        foreach ((string name, int rows, int columns) in ((string, int, int)[])
            [
                ("attn.c_attn", Hidden, 3 * Hidden), ("attn.c_proj", Hidden, Hidden), ("mlp.c_fc", Hidden, FeedForward),
                ("mlp.c_fc2", Hidden, FeedForward), ("mlp.c_proj", FeedForward, Hidden),
            ])
        {
            folder.AddLayers($"{Layer}.{name}.weight", rows, columns).AddLayers($"{Layer}.{name}.bias", columns);
        }

        folder.Add("transformer.relative_pe.slopes", Heads).AddLayers($"{Layer}.attn.bias", 1, 1, 256, 256);
        folder.Tensors["transformer.relative_pe.slopes"].Values[0] = 0.0625f; // 2^-4: of four heads, the greatest bias is 16
        return folder.Save(
            "JAISLMHeadModel",
            Gpt2Sizes + ",\"activation_function\":\"swiglu\",\"position_embedding_type\":\"alibi\",\"mup_embeddings_scale\":9.1,"
            + "\"mup_output_alpha\":1.3,\"mup_width_scale\":0.0621");
    }

    private static ModelFolder AddRefact(ModelFolder folder)
    {
        const string Layer = "transformer.h.*";
        const int Inner = 256;
        return folder.Add("transformer.wte.weight", Tokens, Hidden).Add("transformer.ln_f.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .AddLayers($"{Layer}.ln_1.weight", Hidden).AddLayers($"{Layer}.ln_2.weight", Hidden)
            .AddLayers($"{Layer}.attn.q.weight", Hidden, Hidden).AddLayers($"{Layer}.attn.kv.weight", 2 * HeadSize, Hidden)
            .AddLayers($"{Layer}.attn.c_proj.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.mlp.gate_up_proj.weight", 2 * Inner, Hidden).AddLayers($"{Layer}.mlp.c_proj.weight", Hidden, Inner)
            .Save("GPTRefactForCausalLM", Gpt2Sizes);
    }

    /// <summary>The head is the embedding, too.</summary>
    private static ModelFolder AddCodeShell(ModelFolder folder)
    {
        AddGpt2Norms(folder.Add("lm_head.weight", Tokens, Hidden));
        AddWithBias(folder, "transformer.h.*.attn.c_attn", (Heads + (2 * KeyHeads)) * HeadSize, Hidden);
        AddWithBias(folder, "transformer.h.*.attn.c_proj", Hidden, Hidden);
        AddWithBias(folder, "transformer.h.*.mlp.c_fc", 4 * Hidden, Hidden);
        AddWithBias(folder, "transformer.h.*.mlp.c_proj", Hidden, 4 * Hidden);
        return folder.AddLayers("transformer.h.*.attn.rotary_emb.inv_freq", HeadSize / 2)
            .Save("CodeShellForCausalLM", Gpt2Sizes + ",\"num_query_groups\":2");
    }

    private static ModelFolder AddDbrx(ModelFolder folder)
    {
        const string Layer = "transformer.blocks.*";
        return folder.Add("transformer.wte.weight", Tokens, Hidden).Add("transformer.norm_f.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .AddLayers($"{Layer}.norm_attn_norm.norm_1.weight", Hidden).AddLayers($"{Layer}.norm_attn_norm.norm_2.weight", Hidden)
            .AddLayers($"{Layer}.norm_attn_norm.attn.Wqkv.weight", (Heads + (2 * KeyHeads)) * HeadSize, Hidden)
            .AddLayers($"{Layer}.norm_attn_norm.attn.out_proj.weight", Hidden, Hidden)
            .AddLayers($"{Layer}.ffn.router.layer.weight", 4, Hidden)
            .AddLayers($"{Layer}.ffn.experts.mlp.w1", 4 * FeedForward, Hidden)
            .AddLayers($"{Layer}.ffn.experts.mlp.v1", 4 * FeedForward, Hidden)
            .AddLayers($"{Layer}.ffn.experts.mlp.w2", 4 * FeedForward, Hidden)
            .Save(
                "DbrxForCausalLM",
                MptNames + "\"attn_config\":{\"clip_qkv\":8,\"kv_n_heads\":2,\"rope_theta\":500000},"
                + "\"ffn_config\":{\"ffn_hidden_size\":96,\"moe_num_experts\":4,\"moe_top_k\":2}");
    }

    /// <summary>The layers differ in heads and widths.</summary>
    private static ModelFolder AddOpenElm(ModelFolder folder)
    {
        const string Layer = "transformer.layers";
        folder.Add("transformer.token_embeddings.weight", Tokens, Hidden).Add("transformer.norm.weight", Hidden)
            .AddLayers($"{Layer}.*.attn_norm.weight", Hidden).AddLayers($"{Layer}.*.ffn_norm.weight", Hidden)
            .AddLayers($"{Layer}.*.attn.q_norm.weight", HeadSize).AddLayers($"{Layer}.*.attn.k_norm.weight", HeadSize);
        foreach ((int layer, int heads, int keyHeads, int width) in ((int, int, int, int)[])[(0, 2, 1, 32), (1, 4, 2, 96)])
        {
            folder.Add($"{Layer}.{layer}.attn.qkv_proj.weight", (heads + (2 * keyHeads)) * HeadSize, Hidden)
                .Add($"{Layer}.{layer}.attn.out_proj.weight", Hidden, heads * HeadSize)
                .Add($"{Layer}.{layer}.ffn.proj_1.weight", 2 * width, Hidden).Add($"{Layer}.{layer}.ffn.proj_2.weight", Hidden, width);
        }

        return folder.Save(
            "OpenELMForCausalLM",
            ",\"hidden_size\":null,\"model_dim\":64,\"num_attention_heads\":null,\"num_query_heads\":[2,4],"
            + "\"num_key_value_heads\":null,\"num_kv_heads\":[1,2],\"num_hidden_layers\":null,\"num_transformer_layers\":2,"
            + "\"intermediate_size\":null,\"ffn_multipliers\":[0.5,1.35],\"ffn_dim_divisor\":32,\"max_position_embeddings\":null,"
            + "\"max_context_length\":256,\"head_dim\":16,\"rope_freq_constant\":10000");
    }

    /// <summary>The second layer has a matrix in the place of attention.</summary>
    private static ModelFolder AddDeci(ModelFolder folder)
    {
        folder.AddDecoder(feedForward: false).AddPreNorms();
        foreach (string part in (string[])["q_proj", "k_proj", "v_proj", "o_proj"])
        {
            folder.Remove($"model.layers.1.self_attn.{part}.weight");
        }

        return folder.Add("model.layers.1.self_attn.linear_attn.weight", Hidden, Hidden)
            .AddLayers("model.layers.*.mlp.gate_proj.weight", 256, Hidden).AddLayers("model.layers.*.mlp.up_proj.weight", 256, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, 256)
            .Save(
                "DeciLMForCausalLM",
                ",\"num_key_value_heads\":null,\"intermediate_size\":null,\"rope_theta\":500000,\"block_configs\":["
                + "{\"attention\":{\"n_heads_in_group\":2,\"replace_with_linear\":false},\"ffn\":{\"ffn_mult\":5.25}},"
                + "{\"attention\":{\"n_heads_in_group\":null,\"replace_with_linear\":true},\"ffn\":{\"ffn_mult\":2.625}}],"
                + "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
                + "\"original_max_position_embeddings\":64}");
    }

    /// <summary>The layers differ in key heads.</summary>
    private static ModelFolder AddDeci7(ModelFolder folder)
    {
        folder.AddDecoder().AddPreNorms();
        foreach (string part in (string[])["k_proj", "v_proj"])
        {
            folder.Remove($"model.layers.1.self_attn.{part}.weight")
                .Add($"model.layers.1.self_attn.{part}.weight", HeadSize, Hidden);
        }

        return folder.Save("DeciLMForCausalLM", ",\"num_key_value_heads\":null,\"num_key_value_heads_per_layer\":[2,1]");
    }

    private static ModelFolder AddApertus(ModelFolder folder)
    {
        AddPlainFeedForward(folder.AddDecoder(queryKeyNorms: true, feedForward: false))
            .AddLayers("model.layers.*.attention_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.feedforward_layernorm.weight", Hidden);
        foreach (string name in (string[])["alpha_n", "alpha_p", "beta", "eps"])
        {
            folder.AddLayers($"model.layers.*.mlp.act_fn.{name}", 1);
        }

        return folder.Save(
            "ApertusForCausalLM",
            ",\"head_dim\":16,\"rms_norm_eps\":1e-5,\"rope_theta\":12000000,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,"
            + "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":64}");
    }
}
