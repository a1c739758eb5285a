using System;
using System.Linq;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>Models of gated delta nets: a delta net with two key heads and four value heads of 16, then attention.</content>
internal static partial class ModelFamilies
{
    private const string DeltaNet = ",\"linear_conv_kernel_dim\":4,\"linear_key_head_dim\":16,\"linear_value_head_dim\":16,"
        + "\"linear_num_key_heads\":2,\"linear_num_value_heads\":4,\"full_attention_interval\":2";

    private const string SharedExpert = Experts + ",\"shared_expert_intermediate_size\":32,\"intermediate_size\":32";

    private static ModelFolder AddQwen3Next(ModelFolder folder)
    {
        const string Mixer = "model.layers.0.linear_attn";
        AddAround(folder, Mixer, experts: true);
        folder.Add($"{Mixer}.in_proj_qkvz.weight", 2 * (32 + 64), Hidden).Add($"{Mixer}.in_proj_ba.weight", 8, Hidden);
        return AddAhead(folder).Save("Qwen3NextForCausalLM", DeltaNet + SharedExpert + ",\"head_dim\":16,\"partial_rotary_factor\":0.5");
    }

    private static ModelFolder AddQwen35(ModelFolder folder)
    {
        const string Mixer = "model.layers.0.linear_attn";
        AddProjections(AddAround(folder, Mixer, experts: false), Mixer);
        return AddAhead(folder).Remove("lm_head.weight").Save(
            "Qwen3_5ForCausalLM",
            DeltaNet + ",\"head_dim\":16,\"mtp_num_hidden_layers\":1,\"layer_types\":[\"linear_attention\",\"full_attention\"],"
            + "\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1e7,\"partial_rotary_factor\":0.5,\"mrope_section\":[2,1,1]}");
    }

    private static ModelFolder AddQwen35Moe(ModelFolder folder)
    {
        const string Mixer = "model.layers.0.linear_attn";
        AddProjections(AddAround(folder, Mixer, experts: true, headSize: 32), Mixer);
        AddAhead(folder).Add("model.visual.patch_embed.proj.weight", Hidden, 3, 2, 2);
        foreach (string part in (string[])["model.layers.0", "model.layers.1", "mtp.layers.0"])
        {
            folder.RemoveAll($"{part}.mlp.experts.").Add($"{part}.mlp.experts.gate_up_proj", 4, 64, Hidden)
                .Add($"{part}.mlp.experts.down_proj", 4, Hidden, 32);
        }

        return folder.Save(
            "Qwen3_5MoeForCausalLM",
            DeltaNet + SharedExpert + ",\"head_dim\":32,\"mtp_num_hidden_layers\":1,"
            + "\"layer_types\":[\"linear_attention\",\"full_attention\"],"
            + "\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1e7,\"partial_rotary_factor\":1.0}");
    }

    /// <summary>Adds what delta nets and attention have in common with those of other models, and attention with gates.</summary>
    private static ModelFolder AddAround(ModelFolder folder, string mixer, bool experts, int headSize = HeadSize)
    {
        const string Attention = "model.layers.1.self_attn";
        folder.AddPreNorms().Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden)
            .Add("lm_head.weight", Tokens, Hidden)
            .Add($"{Attention}.q_proj.weight", 2 * Heads * headSize, Hidden).Add($"{Attention}.k_proj.weight", KeyHeads * headSize, Hidden)
            .Add($"{Attention}.v_proj.weight", KeyHeads * headSize, Hidden).Add($"{Attention}.o_proj.weight", Hidden, Heads * headSize)
            .Add($"{Attention}.q_norm.weight", headSize).Add($"{Attention}.k_norm.weight", headSize)
            .Add($"{mixer}.conv1d.weight", 128, 1, 4).Add($"{mixer}.norm.weight", 16).Add($"{mixer}.out_proj.weight", Hidden, 64)
            .Add($"{mixer}.dt_bias", 4).Add($"{mixer}.A_log", 4);
        return !experts ? folder.AddFeedForward() : AddExperts(folder, "mlp.gate", "mlp.experts", ["gate_proj", "up_proj", "down_proj"])
            .AddSharedFeedForward("model.layers.*.mlp.shared_expert")
            .AddLayers("model.layers.*.mlp.shared_expert_gate.weight", 1, Hidden);
    }

    private static ModelFolder AddProjections(ModelFolder folder, string mixer) => folder
        .Add($"{mixer}.in_proj_qkv.weight", 128, Hidden).Add($"{mixer}.in_proj_z.weight", 64, Hidden)
        .Add($"{mixer}.in_proj_a.weight", 4, Hidden).Add($"{mixer}.in_proj_b.weight", 4, Hidden);

    /// <summary>Adds a layer that predicts a token ahead, built as the last one.</summary>
    private static ModelFolder AddAhead(ModelFolder folder)
    {
        const string Last = "model.layers.1.";
        foreach (string name in folder.Tensors.Keys.Where(static name => name.StartsWith(Last, StringComparison.Ordinal)).ToArray())
        {
            folder.Add($"mtp.layers.0.{name[Last.Length..]}", folder.Tensors[name].Shape);
        }

        return folder.Add("mtp.fc.weight", Hidden, 2 * Hidden).Add("mtp.norm.weight", Hidden)
            .Add("mtp.pre_fc_norm_embedding.weight", Hidden).Add("mtp.pre_fc_norm_hidden.weight", Hidden);
    }
}
