using System;
using System.Globalization;

namespace EdgeRuntime.Quantization;

/// <summary>The part that a tensor plays in a model, as far as the choice of its type depends on it.</summary>
internal enum TensorRole
{
    /// <summary>Any other tensor.</summary>
    Other,
    Embedding,
    Output,
    Query,
    Key,

    /// <summary>Values, alone or together with queries and keys.</summary>
    Value,
    AttentionOutput,
    Gate,
    Up,
    Down,
}

/// <summary>Recognizes the roles of tensors by their names. Source: llama.cpp v0.5.0, llama-quant.cpp.</summary>
internal static class TensorRoles
{
    /// <summary>The name of the embedding.</summary>
    public const string Embedding = "token_embd.weight";

    /// <summary>The name of the embedding of each layer that some models have.</summary>
    public const string LayerEmbedding = "per_layer_token_embd.weight";

    /// <summary>The name of the output matrix.</summary>
    public const string Output = "output.weight";

    private const string WeightSuffix = "weight";

    /// <summary>Parts of names and the roles that they tell. The first part that a name contains counts.</summary>
    private static readonly (string Part, TensorRole Role)[] s_roles =
    [
        ("attn_qkv.weight", TensorRole.Value),
        ("attn_kv_b.weight", TensorRole.Value),
        ("attn_v.weight", TensorRole.Value),
        ("attn_k.weight", TensorRole.Key),
        ("attn_q.weight", TensorRole.Query),
        ("attn_output.weight", TensorRole.AttentionOutput),
        ("ffn_up", TensorRole.Up),
        ("ffn_gate", TensorRole.Gate),
        ("ffn_down", TensorRole.Down),
    ];

    /// <summary>Parts of the names of matrices that keep their type: norms, routers, and matrices that are small or sensitive.</summary>
    private static readonly string[] s_kept =
    [
        "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight",
        "altup", "laurel", "per_layer_model_proj",
        "ssm_conv1d", "shortconv.conv.weight",
        "indexer.k_proj.weight", "indexer.q_proj.weight",
        "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight",
        "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight",
        "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
        "time_mix_lerp_fused.weight",
        "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd", ".patch_merger",
        "a.rvq.codebook", "mm.a.code_embd",
    ];

    /// <summary>Names of matrices that keep their type.</summary>
    private static readonly string[] s_keptNames = ["position_embd.weight", "token_types.weight"];

    /// <summary>Gets the role of a tensor.</summary>
    public static TensorRole Of(string name)
    {
        switch (name)
        {
            case Output:
                return TensorRole.Output;
            case Embedding or LayerEmbedding:
                return TensorRole.Embedding;
            default:
                int index = Array.FindIndex(s_roles, role => name.Contains(role.Part, StringComparison.Ordinal));
                return index < 0 ? TensorRole.Other : s_roles[index].Role;
        }
    }

    /// <summary>Gets whether a tensor is a matrix of weights whose type may change.</summary>
    public static bool CanQuantize(TensorDescription tensor) =>
        tensor.DimensionCount >= 2
        && tensor.Name.EndsWith(WeightSuffix, StringComparison.Ordinal)
        && !Array.Exists(s_kept, part => tensor.Name.Contains(part, StringComparison.Ordinal))
        && !Array.Exists(s_keptNames, name => tensor.Name == name);

    /// <summary>Gets the layer of a tensor from its name, <c>blk.N.</c>; -1 if it has none.</summary>
    public static int LayerOf(string name)
    {
        const string Prefix = "blk.";
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return -1;
        }

        int end = name.IndexOf('.', Prefix.Length);
        return end > 0 && int.TryParse(
            name.AsSpan(Prefix.Length, end - Prefix.Length),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int layer)
            ? layer
            : -1;
    }
}
