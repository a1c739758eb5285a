using System;
using System.Linq;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Models whose layers differ.</content>
internal static partial class ModelFamilies
{
    private const string NemotronSettings = ",\"head_dim\":16,\"layer_norm_epsilon\":1e-5,\"conv_kernel\":4,\"ssm_state_size\":16,"
        + "\"mamba_num_heads\":8,\"mamba_head_dim\":16,\"n_groups\":2,\"rms_norm_eps\":1e-5";

    /// <summary>A state space with a feed-forward, then attention with experts.</summary>
    private static ModelFolder AddJamba(ModelFolder folder)
    {
        const string Mixer = "model.layers.0.mamba";
        const string Dense = "model.layers.0.feed_forward";
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.final_layernorm.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .AddLayers("model.layers.*.input_layernorm.weight", Hidden).AddLayers("model.layers.*.pre_ff_layernorm.weight", Hidden);
        AddMamba(folder, Mixer, inProjection: 2 * Inner, channels: Inner)
            .Add($"{Mixer}.x_proj.weight", 4 + 32, Inner).Add($"{Mixer}.dt_proj.weight", Inner, 4).Add($"{Mixer}.dt_proj.bias", Inner)
            .Add($"{Mixer}.A_log", Inner, 16).Add($"{Mixer}.D", Inner).Add($"{Mixer}.dt_layernorm.weight", 4)
            .Add($"{Mixer}.b_layernorm.weight", 16).Add($"{Mixer}.c_layernorm.weight", 16)
            .Add($"{Dense}.gate_proj.weight", FeedForward, Hidden).Add($"{Dense}.up_proj.weight", FeedForward, Hidden)
            .Add($"{Dense}.down_proj.weight", Hidden, FeedForward);
        AddAttention(folder, "model.layers.1.self_attn");
        AddLayerExperts(
            folder, "model.layers.1.feed_forward.router", "model.layers.1.feed_forward.experts", ["gate_proj", "up_proj", "down_proj"],
            FeedForward);
        return folder.Save(
            "JambaForCausalLM",
            ",\"attn_layer_offset\":1,\"attn_layer_period\":2,\"expert_layer_offset\":1,\"expert_layer_period\":2,\"num_experts\":4,"
            + "\"num_experts_per_tok\":2,\"mamba_d_conv\":4,\"mamba_d_state\":16,\"mamba_dt_rank\":4,\"mamba_expand\":2,"
            + "\"rms_norm_eps\":1e-6");
    }

    /// <summary>The names of the first Jamba files: a feed-forward is the one expert of its layer.</summary>
    private static ModelFolder AddFirstJamba(ModelFolder folder)
    {
        _ = AddJamba(folder);
        foreach ((string name, (long[] shape, _)) in folder.Tensors.ToArray())
        {
            string renamed = name.Replace(".feed_forward.", ".moe.", StringComparison.Ordinal)
                .Replace("layers.0.moe.", "layers.0.moe.experts.0.", StringComparison.Ordinal)
                .Replace("pre_ff_layernorm", "pre_moe_layernorm", StringComparison.Ordinal);
            folder.Remove(name).Add(renamed, shape);
        }

        return folder.Save(
            "JambaForCausalLM",
            ",\"attn_layer_offset\":1,\"attn_layer_period\":2,\"expert_layer_offset\":1,\"expert_layer_period\":2,\"num_experts\":4,"
            + "\"num_experts_per_tok\":2,\"mamba_d_conv\":4,\"mamba_d_state\":16,\"mamba_expand\":2,\"layer_norm_epsilon\":1e-5");
    }

    /// <summary>A state space, a feed-forward and attention.</summary>
    private static ModelFolder AddNemotronH(ModelFolder folder)
    {
        AddNemotronEnds(folder, 3);
        AddMamba2(folder, "backbone.layers.0.mixer");
        folder.Add("backbone.layers.1.mixer.up_proj.weight", FeedForward, Hidden)
            .Add("backbone.layers.1.mixer.down_proj.weight", Hidden, FeedForward);
        AddAttention(folder, "backbone.layers.2.mixer");
        return folder.Save("NemotronHForCausalLM", NemotronSettings + ",\"num_hidden_layers\":3,\"hybrid_override_pattern\":\"M-*\"");
    }

    /// <summary>A state space, attention and experts in a narrower space; behind them, a layer that predicts tokens ahead.</summary>
    private static ModelFolder AddNemotronHMoe(ModelFolder folder)
    {
        AddNemotronEnds(folder, 3);
        AddMamba2(folder, "backbone.layers.0.mixer");
        AddAttention(folder, "backbone.layers.1.mixer");
        AddAttention(folder, "mtp.layers.0.mixer");
        foreach (string layer in (string[])["backbone.layers.2.mixer", "mtp.layers.1.mixer"])
        {
            folder.Add($"{layer}.gate.weight", 4, Hidden).Add($"{layer}.gate.e_score_correction_bias", 4)
                .Add($"{layer}.fc1_latent_proj.weight", 32, Hidden).Add($"{layer}.fc2_latent_proj.weight", Hidden, 32)
                .Add($"{layer}.shared_experts.up_proj.weight", FeedForward, Hidden)
                .Add($"{layer}.shared_experts.down_proj.weight", Hidden, FeedForward);
            for (int expert = 0; expert < 4; expert++)
            {
                folder.Add($"{layer}.experts.{expert}.up_proj.weight", 32, 32).Add($"{layer}.experts.{expert}.down_proj.weight", 32, 32);
            }
        }

        folder.Add("mtp.layers.0.enorm.weight", Hidden).Add("mtp.layers.0.hnorm.weight", Hidden)
            .Add("mtp.layers.0.eh_proj.weight", Hidden, 2 * Hidden).Add("mtp.layers.0.norm.weight", Hidden)
            .Add("mtp.layers.1.norm.weight", Hidden).Add("mtp.layers.1.final_layernorm.weight", Hidden);
        return folder.Save(
            "NemotronHForCausalLM",
            NemotronSettings + ",\"num_hidden_layers\":3,\"layers_block_type\":[\"mamba\",\"attention\",\"moe\"],"
            + "\"num_nextn_predict_layers\":1,\"n_routed_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,"
            + "\"moe_shared_expert_intermediate_size\":96,\"n_shared_experts\":1,\"norm_topk_prob\":true,\"routed_scaling_factor\":2.5,"
            + "\"n_group\":1,\"topk_group\":1,\"moe_latent_size\":32");
    }

    private static void AddNemotronEnds(ModelFolder folder, int layers)
    {
        folder.Add("backbone.embeddings.weight", Tokens, Hidden).Add("backbone.norm_f.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden);
        for (int layer = 0; layer < layers; layer++)
        {
            folder.Add($"backbone.layers.{layer}.norm.weight", Hidden);
        }
    }

    private static ModelFolder AddMiniCpm3(ModelFolder folder)
    {
        const string Layer = "model.layers.*.self_attn";
        return folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).AddPreNorms().AddFeedForward()
            .AddLayers($"{Layer}.q_a_proj.weight", 32, Hidden).AddLayers($"{Layer}.q_a_layernorm.weight", 32)
            .AddLayers($"{Layer}.q_b_proj.weight", Heads * 24, 32)
            .AddLayers($"{Layer}.kv_a_proj_with_mqa.weight", 32 + 8, Hidden).AddLayers($"{Layer}.kv_a_layernorm.weight", 32)
            .AddLayers($"{Layer}.kv_b_proj.weight", Heads * (16 + 16), 32).AddLayers($"{Layer}.o_proj.weight", Hidden, Heads * 16)
            .Save(
                "MiniCPM3ForCausalLM",
                ",\"q_lora_rank\":32,\"kv_lora_rank\":32,\"qk_nope_head_dim\":16,\"qk_rope_head_dim\":8,\"v_head_dim\":16,"
                + "\"num_key_value_heads\":4,\"rope_scaling\":{\"type\":\"longrope\",\"long_factor\":[1.0,1.5,2.0,4.0],"
                + "\"short_factor\":[1.0,1.0,1.1,1.2],\"original_max_position_embeddings\":64},\"rms_norm_eps\":1e-5");
    }

    private static void AddAttention(ModelFolder folder, string part) =>
        folder.Add($"{part}.q_proj.weight", Heads * HeadSize, Hidden).Add($"{part}.k_proj.weight", KeyHeads * HeadSize, Hidden)
            .Add($"{part}.v_proj.weight", KeyHeads * HeadSize, Hidden).Add($"{part}.o_proj.weight", Hidden, Heads * HeadSize);

    /// <summary>Adds the router and the experts of one layer.</summary>
    private static void AddLayerExperts(ModelFolder folder, string router, string experts, string[] names, int width = 32)
    {
        folder.Add($"{router}.weight", 4, Hidden);
        for (int expert = 0; expert < 4; expert++)
        {
            folder.Add($"{experts}.{expert}.{names[0]}.weight", width, Hidden).Add($"{experts}.{expert}.{names[1]}.weight", width, Hidden)
                .Add($"{experts}.{expert}.{names[2]}.weight", Hidden, width);
        }
    }
}
