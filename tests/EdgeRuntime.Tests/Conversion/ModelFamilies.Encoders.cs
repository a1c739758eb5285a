using System.Collections.Generic;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Encoders.</content>
internal static partial class ModelFamilies
{
    private const string NomicSettings = ",\"hidden_size\":null,\"num_attention_heads\":null,\"num_key_value_heads\":null,"
        + "\"num_hidden_layers\":null,\"intermediate_size\":null,\"max_position_embeddings\":null,\"n_embd\":64,\"n_head\":4,\"n_layer\":2,"
        + "\"n_inner\":96,\"layer_norm_epsilon\":1e-12,\"rotary_emb_base\":1000,\"rotary_emb_fraction\":1.0,"
        + "\"rotary_emb_interleaved\":false,\"prenorm\":false,\"causal\":false,\"type_vocab_size\":2,";

    private const string ModernTokens = """{"bos_token":"<|begin|>","eos_token":"<|end|>","sep_token":"<|end|>"}""";

    /// <summary>Gets the names of encoders, and how they encode the word There.</summary>
    public static IReadOnlyDictionary<string, int[]> Encoders { get; } = new Dictionary<string, int[]>
    {
        ["bert"] = [2, 4, 5, 3],
        ["eurobert"] = [53, 73, 70, 83, 70],
        ["gemma-embedding"] = [53, 73, 70, 83, 70],
        ["nomic-bert"] = [2, 4, 5, 3],
        ["nomic-bert-moe"] = [2, 4, 5, 3],
        ["modern-bert"] = [0, 53, 73, 70, 83, 70, 1],
        ["modern-bert-reranker"] = [0, 53, 73, 70, 83, 70, 1],
        ["neo-bert"] = [2, 4, 5, 3],
        ["jina-bert-v2"] = [2, 4, 5, 3],
        ["jina-bert-v2-code"] = [53, 73, 70, 83, 70],
        ["distilbert"] = [2, 4, 5, 3],
    };

    private static ModelFolder AddNomic(ModelFolder folder, bool hasExperts)
    {
        folder.Add("embeddings.word_embeddings.weight", Tokens, Hidden).Add("embeddings.token_type_embeddings.weight", 2, Hidden);
        AddWithBias(folder, "emb_ln", Hidden);
        AddWithBias(folder, "encoder.layers.*.norm1", Hidden);
        AddWithBias(folder, "encoder.layers.*.norm2", Hidden);
        if (!hasExperts)
        {
            return AddMeanPooling(folder.AddLayers("encoder.layers.*.attn.Wqkv.weight", 3 * Hidden, Hidden)
                .AddLayers("encoder.layers.*.attn.out_proj.weight", Hidden, Hidden)
                .AddLayers("encoder.layers.*.mlp.fc11.weight", FeedForward, Hidden)
                .AddLayers("encoder.layers.*.mlp.fc12.weight", FeedForward, Hidden)
                .AddLayers("encoder.layers.*.mlp.fc2.weight", Hidden, FeedForward))
                .Save(
                    "NomicBertModel",
                    NomicSettings + "\"n_positions\":8192,\"activation_function\":\"swiglu\",\"qkv_proj_bias\":false,"
                    + "\"mlp_fc1_bias\":false,\"mlp_fc2_bias\":false")
                .WriteWordPieces();
        }

        AddWithBias(folder, "encoder.layers.*.attn.Wqkv", 3 * Hidden, Hidden);
        AddWithBias(folder, "encoder.layers.*.attn.out_proj", Hidden, Hidden);
        AddWithBias(folder, "encoder.layers.0.mlp.fc1", FeedForward, Hidden);
        AddWithBias(folder, "encoder.layers.0.mlp.fc2", Hidden, FeedForward);
        return folder.Add("encoder.layers.1.mlp.router.layer.weight", 4, Hidden)
            .Add("encoder.layers.1.mlp.experts.mlp.w1", 4 * FeedForward, Hidden)
            .Add("encoder.layers.1.mlp.experts.mlp.w2", 4 * FeedForward, Hidden)
            .Add("encoder.layers.1.mlp.experts.bias", Hidden)
            .Save(
                "NomicBertModel",
                NomicSettings + "\"n_positions\":2048,\"activation_function\":\"gelu\",\"qkv_proj_bias\":true,\"mlp_fc1_bias\":true,"
                + "\"mlp_fc2_bias\":true,\"moe_every_n_layers\":2,\"num_experts\":4,\"moe_top_k\":2")
            .WriteWordPieces();
    }

    /// <summary>The first layer has no norm before its attention. A reranker has a head with a label.</summary>
    private static ModelFolder AddModernBert(ModelFolder folder, bool isReranker)
    {
        string prefix = isReranker ? "model." : "";
        folder.Add($"{prefix}embeddings.tok_embeddings.weight", Tokens, Hidden).Add($"{prefix}embeddings.norm.weight", Hidden)
            .Add($"{prefix}final_norm.weight", Hidden).Add($"{prefix}layers.1.attn_norm.weight", Hidden)
            .AddLayers($"{prefix}layers.*.attn.Wqkv.weight", 3 * Hidden, Hidden)
            .AddLayers($"{prefix}layers.*.attn.Wo.weight", Hidden, Hidden)
            .AddLayers($"{prefix}layers.*.mlp_norm.weight", Hidden)
            .AddLayers($"{prefix}layers.*.mlp.Wi.weight", 2 * FeedForward, Hidden)
            .AddLayers($"{prefix}layers.*.mlp.Wo.weight", Hidden, FeedForward);
        const string Settings = ",\"num_key_value_heads\":null,\"norm_eps\":1e-5,\"layer_norm_eps\":1e-5,\"local_attention\":64,"
            + "\"global_attn_every_n_layers\":3,\"global_rope_theta\":160000.0,\"local_rope_theta\":10000.0";
        if (!isReranker)
        {
            AddMeanPooling(folder).Save("ModernBertModel", Settings + ",\"hidden_activation\":\"gelu\"");
            folder.Write("tokenizer_config.json", ModernTokens);
            return folder;
        }

        AddWithBias(folder.Add("head.dense.weight", Hidden, Hidden).Add("head.norm.weight", Hidden), "classifier", 1, Hidden);
        folder.Save("ModernBertForSequenceClassification", Settings + ",\"id2label\":{\"0\":\"LABEL_0\"}");
        folder.Write("tokenizer_config.json", ModernTokens);
        return folder;
    }

    private static ModelFolder AddNeoBert(ModelFolder folder) => folder.Add("model.encoder.weight", Tokens, Hidden)
        .Add("model.layer_norm.weight", Hidden).Add("decoder.weight", Tokens, Hidden).Add("decoder.bias", Tokens)
        .AddLayers("model.transformer_encoder.*.attention_norm.weight", Hidden)
        .AddLayers("model.transformer_encoder.*.ffn_norm.weight", Hidden)
        .AddLayers("model.transformer_encoder.*.qkv.weight", 3 * Hidden, Hidden)
        .AddLayers("model.transformer_encoder.*.wo.weight", Hidden, Hidden)
        .AddLayers("model.transformer_encoder.*.ffn.w12.weight", 2 * 64, Hidden)
        .AddLayers("model.transformer_encoder.*.ffn.w3.weight", Hidden, 64)
        .Save("NeoBERTLMHead", ",\"num_key_value_heads\":null,\"max_position_embeddings\":null,\"max_length\":256,\"norm_eps\":1e-5")
        .WriteWordPieces();

    private static ModelFolder AddJinaBert(ModelFolder folder, bool isOfCode)
    {
        const string Layer = "encoder.layer.*";
        folder.Add("embeddings.word_embeddings.weight", Tokens, Hidden).Add("embeddings.token_type_embeddings.weight", 2, Hidden);
        AddWithBias(folder, "embeddings.LayerNorm", Hidden);
        AddWithBias(folder, "pooler.dense", Hidden, Hidden);
        foreach (string part in (string[])["self.query", "self.key", "self.value", "output.dense"])
        {
            AddWithBias(folder, $"{Layer}.attention.{part}", Hidden, Hidden);
        }

        AddWithBias(folder, $"{Layer}.attention.output.LayerNorm", Hidden);
        string[] norms = isOfCode
            ? ["attention.self.layer_norm_q", "attention.self.layer_norm_k", "layer_norm_1", "layer_norm_2"] : ["mlp.layernorm"];
        foreach (string norm in norms)
        {
            AddWithBias(folder, $"{Layer}.{norm}", Hidden);
        }

        folder.AddLayers($"{Layer}.mlp.{(isOfCode ? "up_gated_layer" : "gated_layers")}.weight", 2 * FeedForward, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.{(isOfCode ? "down_layer" : "wo")}", Hidden, FeedForward);
        AddMeanPooling(folder).Save(
            "JinaBertModel",
            ",\"num_key_value_heads\":null,\"layer_norm_eps\":1e-12,\"type_vocab_size\":2,\"position_embedding_type\":\"alibi\"");
        if (isOfCode)
        {
            folder.Write(
                "tokenizer_config.json",
                """{"bos_token":"<|begin|>","eos_token":"<|end|>","tokenizer_class":"RobertaTokenizer"}""");
            return folder;
        }

        return folder.WriteWordPieces();
    }

    private static ModelFolder AddDistilBert(ModelFolder folder)
    {
        const string Layer = "distilbert.transformer.layer.*";
        folder.Add("distilbert.embeddings.word_embeddings.weight", Tokens, Hidden)
            .Add("distilbert.embeddings.position_embeddings.weight", 256, Hidden);
        AddWithBias(folder, "distilbert.embeddings.LayerNorm", Hidden);
        AddWithBias(folder, "vocab_transform", Hidden, Hidden);
        AddWithBias(folder, "vocab_layer_norm", Hidden);
        foreach (string part in (string[])["q_lin", "k_lin", "v_lin", "out_lin"])
        {
            AddWithBias(folder, $"{Layer}.attention.{part}", Hidden, Hidden);
        }

        AddWithBias(folder, $"{Layer}.sa_layer_norm", Hidden);
        AddWithBias(folder, $"{Layer}.output_layer_norm", Hidden);
        AddWithBias(folder, $"{Layer}.ffn.lin1", FeedForward, Hidden);
        AddWithBias(folder, $"{Layer}.ffn.lin2", Hidden, FeedForward);
        return folder.Save(
            "DistilBertForMaskedLM",
            ",\"hidden_size\":null,\"num_attention_heads\":null,\"num_key_value_heads\":null,\"num_hidden_layers\":null,"
            + "\"intermediate_size\":null,\"dim\":64,\"n_heads\":4,\"n_layers\":2,\"hidden_dim\":96").WriteWordPieces();
    }
}
