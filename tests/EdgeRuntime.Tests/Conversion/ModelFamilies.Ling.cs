using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Ling 1 and 2.</content>
internal static partial class ModelFamilies
{
    private const string Ling = Experts + ",\"rms_norm_eps\":1e-6,\"rope_theta\":600000,\"num_shared_experts\":1,\"norm_topk_prob\":true";

    private static ModelFolder AddLing1(ModelFolder folder) => AddLing(folder).AddSharedFeedForward("model.layers.*.mlp.shared_experts")
        .Save("BailingMoeForCausalLM", Ling + ",\"head_dim\":16,\"first_k_dense_replace\":0,\"norm_head\":false");

    /// <summary>Adds a dense layer, one with experts, and one that predicts a token ahead.</summary>
    private static ModelFolder AddLing2(ModelFolder folder)
    {
        const string Ahead = "model.layers.2";
        RepeatLayers(AddLing(folder)
            .AddLayers("model.layers.*.attention.query_layernorm.weight", HeadSize)
            .AddLayers("model.layers.*.attention.key_layernorm.weight", HeadSize)
            .AddLayers("model.layers.*.mlp.gate.expert_bias", 4)
            .AddSharedFeedForward("model.layers.*.mlp.shared_experts"));
        folder.RemoveAll("model.layers.3.").RemoveAll("model.layers.0.mlp.");
        return folder.Add("model.layers.0.mlp.gate_proj.weight", FeedForward, Hidden)
            .Add("model.layers.0.mlp.up_proj.weight", FeedForward, Hidden).Add("model.layers.0.mlp.down_proj.weight", Hidden, FeedForward)
            .Add($"{Ahead}.eh_proj.weight", Hidden, 2 * Hidden).Add($"{Ahead}.enorm.weight", Hidden).Add($"{Ahead}.hnorm.weight", Hidden)
            .Add($"{Ahead}.final_layernorm.weight", Hidden)
            .Save(
                "BailingMoeV2ForCausalLM",
                Ling + ",\"head_dim\":16,\"first_k_dense_replace\":1,\"num_nextn_predict_layers\":1,\"routed_scaling_factor\":2.5,"
                + "\"partial_rotary_factor\":0.5,\"n_group\":2,\"topk_group\":1,\"score_function\":\"sigmoid\"");
    }

    private static ModelFolder AddLing(ModelFolder folder) => AddExperts(
        folder.AddPreNorms().Add("model.word_embeddings.weight", Tokens, Hidden).Add("model.norm.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .AddLayers("model.layers.*.attention.query_key_value.weight", (Heads + (2 * KeyHeads)) * HeadSize, Hidden)
            .AddLayers("model.layers.*.attention.dense.weight", Hidden, Heads * HeadSize),
        "mlp.gate", "mlp.experts", ["gate_proj", "up_proj", "down_proj"]);
}
