using System;

namespace EdgeRuntime.Conversion;

/// <summary>The names of tensors that most decoders share.</summary>
internal static class CommonNames
{
    /// <summary>The prefix of most tensors, which the files of embedding models leave out.</summary>
    public const string Prefix = "model.";

    /// <summary>The embedding, the last norm and the head.</summary>
    public static readonly NameRule[] Ends =
    [
        new("model.embed_tokens", "token_embd"),
        new("model.norm", "output_norm"),
        new("lm_head", "output"),
    ];

    /// <summary>The norms before attention and feed-forward.</summary>
    public static readonly NameRule[] PreNorms =
    [
        new("model.layers.*.input_layernorm", "blk.*.attn_norm"),
        new("model.layers.*.post_attention_layernorm", "blk.*.ffn_norm"),
    ];

    /// <summary>Attention whose rotary embedding turns the halves of a head.</summary>
    public static readonly NameRule[] Attention =
    [
        new("model.layers.*.self_attn.q_proj", "blk.*.attn_q"),
        new("model.layers.*.self_attn.k_proj", "blk.*.attn_k"),
        new("model.layers.*.self_attn.v_proj", "blk.*.attn_v"),
        new("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
        new("model.layers.*.self_attn.q_norm", "blk.*.attn_q_norm"),
        new("model.layers.*.self_attn.k_norm", "blk.*.attn_k_norm"),
    ];

    /// <summary>Attention whose rotary embedding turns neighbors in the GGUF file.</summary>
    public static readonly NameRule[] PermutedAttention =
    [
        new("model.layers.*.self_attn.q_proj", "blk.*.attn_q", RowChange.PermuteQuery),
        new("model.layers.*.self_attn.k_proj", "blk.*.attn_k", RowChange.PermuteKey),
        new("model.layers.*.self_attn.v_proj", "blk.*.attn_v"),
        new("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
    ];

    /// <summary>The feed-forward.</summary>
    public static readonly NameRule[] FeedForward =
    [
        new("model.layers.*.mlp.gate_proj", "blk.*.ffn_gate"),
        new("model.layers.*.mlp.up_proj", "blk.*.ffn_up"),
        new("model.layers.*.mlp.down_proj", "blk.*.ffn_down"),
    ];

    /// <summary>Experts, each with its own tensors or all in one.</summary>
    public static readonly NameRule[] Experts =
    [
        new("model.layers.*.mlp.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.mlp.experts.#.down_proj", "blk.*.ffn_down_exps"),
        new("model.layers.*.mlp.experts.#.gate_proj", "blk.*.ffn_gate_exps"),
        new("model.layers.*.mlp.experts.#.up_proj", "blk.*.ffn_up_exps"),
        new("model.layers.*.mlp.experts.down_proj", "blk.*.ffn_down_exps"),
        new("model.layers.*.mlp.experts.gate_up_proj", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", RowChange.Split),
        new("model.layers.*.mlp.shared_expert_gate", "blk.*.ffn_gate_inp_shexp"),
        new("model.layers.*.mlp.shared_expert.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.mlp.shared_expert.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.mlp.shared_expert.down_proj", "blk.*.ffn_down_shexp"),
    ];

    /// <summary>Experts that all tokens use, as DeepSeek names them.</summary>
    public static readonly NameRule[] SharedExperts =
    [
        new("model.layers.*.mlp.shared_experts.gate_proj", "blk.*.ffn_gate_shexp"),
        new("model.layers.*.mlp.shared_experts.up_proj", "blk.*.ffn_up_shexp"),
        new("model.layers.*.mlp.shared_experts.down_proj", "blk.*.ffn_down_shexp"),
    ];

    /// <summary>Experts as Mixtral names them.</summary>
    public static readonly NameRule[] SparseExperts =
    [
        new("model.layers.*.block_sparse_moe.gate", "blk.*.ffn_gate_inp"),
        new("model.layers.*.block_sparse_moe.experts.#.w1", "blk.*.ffn_gate_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.w2", "blk.*.ffn_down_exps"),
        new("model.layers.*.block_sparse_moe.experts.#.w3", "blk.*.ffn_up_exps"),
    ];

    /// <summary>A feed-forward without gate.</summary>
    public static readonly NameRule[] PlainFeedForward =
    [
        new("model.layers.*.mlp.up_proj", "blk.*.ffn_up"),
        new("model.layers.*.mlp.down_proj", "blk.*.ffn_down"),
    ];

    /// <summary>A decoder with norms before its parts.</summary>
    public static readonly NameRule[] Decoder = [.. Ends, .. PreNorms, .. Attention, .. FeedForward];

    /// <summary>The same, for a rotary embedding that turns neighbors.</summary>
    public static readonly NameRule[] PermutedDecoder = [.. Ends, .. PreNorms, .. PermutedAttention, .. FeedForward];

    /// <summary>Gets a name without the part that models with several parts have.</summary>
    public static string WithoutLanguageModel(string name) => name.Replace("language_model.", "", StringComparison.Ordinal);

    /// <summary>Gets the names of a GPT-2, whose attention and feed-forward are joined matrices.</summary>
    /// <param name="change">The change of these matrices: GPT-2 itself keeps them transposed.</param>
    public static NameRule[] Gpt2(RowChange change) =>
    [
        new("transformer.wte", "token_embd"),
        new("transformer.wpe", "position_embd"),
        new("transformer.ln_f", "output_norm"),
        new("lm_head", "output"),
        new("transformer.h.*.ln_1", "blk.*.attn_norm"),
        new("transformer.h.*.ln_2", "blk.*.ffn_norm"),
        new("transformer.h.*.attn.c_attn", "blk.*.attn_qkv", change),
        new("transformer.h.*.attn.c_proj", "blk.*.attn_output", change),
        new("transformer.h.*.attn", ""), // the triangle of the causal mask, under the name of a bias
        new("transformer.h.*.attn.masked_bias", ""),
        new("transformer.h.*.mlp.c_fc", "blk.*.ffn_up", change),
        new("transformer.h.*.mlp.c_proj", "blk.*.ffn_down", change),
    ];
}
