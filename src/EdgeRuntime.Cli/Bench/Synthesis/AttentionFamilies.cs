using static EdgeRuntime.Cli.Bench.Synthesis.ModelFamily;
using static EdgeRuntime.Cli.Bench.Synthesis.TensorShape;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>Families whose layers all mix by attention.</summary>
internal static class AttentionFamilies
{
    /// <summary>Gets the family of Llama.</summary>
    public static ModelFamily Llama { get; } = new(
        "llama",
        static _ => [],
        static (shape, _) => [.. Norms(shape, "attn_norm", "ffn_norm"), .. Attention(shape), .. FeedForward(shape)]);

    /// <summary>Gets Qwen 3: queries and keys are normalized.</summary>
    public static ModelFamily Qwen3 { get; } = new(
        "qwen3",
        static _ => [("rope.freq_base", 1_000_000f)],
        static (shape, _) =>
            [.. Norms(shape, "attn_norm", "ffn_norm"), .. HeadNorms(shape), .. Attention(shape), .. FeedForward(shape)]);

    /// <summary>Gets Gemma 3: five of six layers see 512 positions.</summary>
    public static ModelFamily Gemma3 { get; } = new(
        "gemma3",
        static _ => [("rope.freq_base", 1_000_000f), ("attention.sliding_window", 512u)],
        static (shape, _) =>
        [
            .. Norms(shape, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"),
            .. HeadNorms(shape), .. Attention(shape), .. FeedForward(shape),
        ]);

    /// <summary>Creates Qwen 3 with experts; the feed-forward of the shape is the width inside an expert.</summary>
    /// <param name="count">The number of experts.</param>
    /// <param name="used">The number of experts of a token.</param>
    public static ModelFamily Experts(int count, int used) => new(
        "qwen3moe",
        shape =>
        [
            ("rope.freq_base", 1_000_000f),
            ("expert_count", (uint)count),
            ("expert_used_count", (uint)used),
            ("expert_feed_forward_length", (uint)shape.FeedForward),
        ],
        (shape, _) =>
        [
            .. Norms(shape, "attn_norm", "ffn_norm"), .. HeadNorms(shape), .. Attention(shape),
            OfFloats("ffn_gate_inp", shape.Hidden, count),
            OfStack("ffn_gate_exps", shape.Hidden, shape.FeedForward, count),
            OfStack("ffn_up_exps", shape.Hidden, shape.FeedForward, count),
            OfStack("ffn_down_exps", shape.FeedForward, shape.Hidden, count),
        ]);

    /// <summary>Creates DeepSeek 2 without experts; a head of the shape has as many values, and as many elements without a rope.</summary>
    /// <param name="latent">The length of the latent vector.</param>
    /// <param name="rotated">The number of rotated elements of queries and keys.</param>
    public static ModelFamily Latent(int latent, int rotated) => new(
        "deepseek2",
        shape =>
        [
            ("leading_dense_block_count", (uint)shape.Layers),
            ("expert_count", 0u),
            ("expert_shared_count", 0u),
            ("expert_feed_forward_length", (uint)shape.FeedForward),
            ("rope.dimension_count", (uint)rotated),
            ("attention.head_count_kv", 1u),
            ("attention.q_lora_rank", 0u),
            ("attention.kv_lora_rank", (uint)latent),
            ("attention.key_length", (uint)(latent + rotated)),
            ("attention.value_length", (uint)latent),
            ("attention.key_length_mla", (uint)(shape.HeadLength + rotated)),
            ("attention.value_length_mla", (uint)shape.HeadLength),
        ],
        (shape, _) =>
        [
            .. Norms(shape, "attn_norm", "ffn_norm"),
            OfNorm("attn_kv_a_norm", latent),
            OfMatrix("attn_q", shape.Hidden, (long)shape.Heads * (shape.HeadLength + rotated)),
            OfMatrix("attn_kv_a_mqa", shape.Hidden, latent + rotated),
            OfStack("attn_k_b", shape.HeadLength, latent, shape.Heads),
            OfStack("attn_v_b", latent, shape.HeadLength, shape.Heads),
            OfMatrix("attn_output", (long)shape.Heads * shape.HeadLength, shape.Hidden),
            .. FeedForward(shape),
        ]);
}
