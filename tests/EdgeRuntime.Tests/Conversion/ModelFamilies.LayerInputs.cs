using System;
using System.Linq;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <content>
/// Models whose layers have inputs of their own, of 32 numbers: Gemma 3n and 4. The last two of four layers read the keys of others.
/// </content>
internal static partial class ModelFamilies
{
    private const string SharedLayers = ",\"head_dim\":16,\"num_hidden_layers\":4,\"num_kv_shared_layers\":2,\"sliding_window\":32,"
        + "\"hidden_size_per_layer_input\":32,\"vocab_size_per_layer_input\":150,\"final_logit_softcapping\":30.0,"
        + "\"layer_types\":[\"sliding_attention\",\"full_attention\",\"sliding_attention\",\"full_attention\"]";

    private const string BothRopes = ",\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"proportional\",\"rope_theta\":1e6,"
        + "\"partial_rotary_factor\":0.25},\"sliding_attention\":{\"rope_type\":\"default\",\"rope_theta\":1e4}}";

    private static ModelFolder AddGemma3N(ModelFolder folder)
    {
        AddLayerInputs(AddFourNorms(folder.AddDecoder(queryKeyNorms: true)), rows: 150)
            .AddLayers("model.layers.*.altup.correction_coefs.weight", 4, 4)
            .AddLayers("model.layers.*.altup.correct_output_scale", Hidden)
            .AddLayers("model.layers.*.altup.prediction_coefs.weight", 16, 4)
            .AddLayers("model.layers.*.altup.modality_router.weight", 4, Hidden)
            .AddLayers("model.layers.*.altup.router_norm.weight", Hidden)
            .AddLayers("model.layers.*.laurel.linear_left.weight", 32, Hidden)
            .AddLayers("model.layers.*.laurel.linear_right.weight", Hidden, 32)
            .AddLayers("model.layers.*.laurel.post_laurel_norm.weight", Hidden);
        for (int i = 0; i < 3; i++)
        {
            folder.Add($"model.altup_projections.{i}.weight", Hidden, Hidden)
                .Add($"model.altup_unembed_projections.{i}.weight", Hidden, Hidden);
        }

        return RepeatLayers(folder).Remove("lm_head.weight").Save(
            "Gemma3nForCausalLM",
            SharedLayers + ",\"intermediate_size\":[96,96,96,96],\"altup_num_inputs\":4,\"altup_active_idx\":0,\"rope_theta\":1e6,"
            + "\"rope_local_base_freq\":1e4,\"rms_norm_eps\":1e-6,\"activation_sparsity_pattern\":[0.95,0.95,0.0,0.0]");
    }

    private static ModelFolder AddGemma4(ModelFolder folder)
    {
        AddLayerInputs(AddFourNorms(folder.AddDecoder(queryKeyNorms: true)), rows: Tokens).AddLayers("model.layers.*.layer_scalar", 1);
        RepeatLayers(folder).Remove("lm_head.weight");
        foreach (int layer in (int[])[2, 3])
        {
            foreach (string part in (string[])["self_attn.k_proj", "self_attn.v_proj", "self_attn.k_norm"])
            {
                folder.Remove($"model.layers.{layer}.{part}.weight");
            }

            foreach ((string part, long rows, long columns) in ((string, long, long)[])
                [("gate_proj", 2 * FeedForward, Hidden), ("up_proj", 2 * FeedForward, Hidden), ("down_proj", Hidden, 2 * FeedForward)])
            {
                folder.Remove($"model.layers.{layer}.mlp.{part}.weight").Add($"model.layers.{layer}.mlp.{part}.weight", rows, columns);
            }
        }

        return folder.Save(
            "Gemma4ForCausalLM",
            SharedLayers + BothRopes + ",\"model_type\":\"gemma4\",\"use_double_wide_mlp\":true,\"global_head_dim\":16,"
            + "\"moe_intermediate_size\":null,\"num_global_key_value_heads\":null,\"rms_norm_eps\":1e-6").WriteSentencePairs();
    }

    /// <summary>Adds experts, and a layer of other heads that has its keys as values.</summary>
    private static ModelFolder AddGemma4Moe(ModelFolder folder)
    {
        const string Attention = "model.layers.1.self_attn";
        AddFourNorms(folder.AddDecoder(queryKeyNorms: true)).Remove("lm_head.weight").AddLayers("model.layers.*.layer_scalar", 1)
            .AddLayers("model.layers.*.pre_feedforward_layernorm_2.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm_1.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm_2.weight", Hidden)
            .AddLayers("model.layers.*.router.proj.weight", 4, Hidden).AddLayers("model.layers.*.router.scale", Hidden)
            .AddLayers("model.layers.*.router.per_expert_scale", 4)
            .AddLayers("model.layers.*.experts.gate_up_proj", 4, 64, Hidden)
            .AddLayers("model.layers.*.experts.down_proj", 4, Hidden, 32);
        return folder.RemoveAll(Attention).Add($"{Attention}.q_proj.weight", Heads * 32, Hidden)
            .Add($"{Attention}.k_proj.weight", 32, Hidden)
            .Add($"{Attention}.o_proj.weight", Hidden, Heads * 32)
            .Add($"{Attention}.q_norm.weight", 32).Add($"{Attention}.k_norm.weight", 32)
            .Save(
                "Gemma4ForCausalLM",
                Experts + BothRopes + ",\"model_type\":\"gemma4\",\"head_dim\":16,\"global_head_dim\":32,\"sliding_window\":32,"
                + "\"num_kv_shared_layers\":0,\"num_global_key_value_heads\":1,\"attention_k_eq_v\":true,\"rms_norm_eps\":1e-6,"
                + "\"layer_types\":[\"sliding_attention\",\"full_attention\"],\"final_logit_softcapping\":30.0").WriteSentencePairs();
    }

    private static ModelFolder AddLayerInputs(ModelFolder folder, int rows) => folder
        .Add("model.embed_tokens_per_layer.weight", rows, 4 * 32)
        .Add("model.per_layer_model_projection.weight", 4 * 32, Hidden).Add("model.per_layer_projection_norm.weight", 32)
        .AddLayers("model.layers.*.per_layer_input_gate.weight", 32, Hidden)
        .AddLayers("model.layers.*.per_layer_projection.weight", Hidden, 32)
        .AddLayers("model.layers.*.post_per_layer_input_norm.weight", Hidden);

    /// <summary>Adds two more layers with the shapes of the first two.</summary>
    private static ModelFolder RepeatLayers(ModelFolder folder)
    {
        foreach ((string name, (long[] shape, _)) in folder.Tensors.ToArray())
        {
            foreach (int layer in (int[])[0, 1])
            {
                string start = $"model.layers.{layer}.";
                if (name.StartsWith(start, StringComparison.Ordinal))
                {
                    folder.Add($"model.layers.{layer + 2}.{name[start.Length..]}", shape);
                }
            }
        }

        return folder;
    }
}
