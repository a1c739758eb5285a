using System;
using System.Linq;
using static EdgeRuntime.Cli.Bench.Synthesis.ModelFamily;
using static EdgeRuntime.Cli.Bench.Synthesis.TensorShape;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>Families with layers that keep recurrent state.</summary>
internal static class RecurrentFamilies
{
    private const int Taps = 4;
    private const int ShortTaps = 3;
    private const int AttentionPeriod = 4;

    /// <summary>Creates Mamba 2; the heads of the shape are those of the state spaces.</summary>
    /// <param name="states">The number of state elements per element of a head.</param>
    public static ModelFamily Mamba2(int states) => new(
        "mamba2",
        shape =>
        [
            ("attention.head_count", 0u),
            ("ssm.inner_size", (uint)(shape.Heads * shape.HeadLength)),
            ("ssm.time_step_rank", (uint)shape.Heads),
            ("ssm.group_count", 1u),
            ("ssm.state_size", (uint)states),
            ("ssm.conv_kernel", (uint)Taps),
        ],
        (shape, _) => [.. Norms(shape, "attn_norm"), .. StateSpace(shape, shape.Heads * shape.HeadLength, states)]);

    /// <summary>Creates Qwen 3.5: three gated delta nets, then attention.</summary>
    /// <param name="heads">The number of heads of a delta net.</param>
    /// <param name="length">The length of their queries, keys and values.</param>
    public static ModelFamily DeltaNet(int heads, int length) => new(
        "qwen35",
        shape =>
        [
            ("rope.freq_base", 10_000_000f),
            ("rope.dimension_count", (uint)shape.HeadLength / 4),
            ("rope.dimension_sections", (int[])[11, 11, 10, 0]),
            ("ssm.inner_size", (uint)(heads * length)),
            ("ssm.time_step_rank", (uint)heads),
            ("ssm.group_count", (uint)heads),
            ("ssm.state_size", (uint)length),
            ("ssm.conv_kernel", (uint)Taps),
            ("full_attention_interval", (uint)AttentionPeriod),
        ],
        (shape, layer) =>
        [
            .. Norms(shape, "attn_norm", "post_attention_norm"), .. FeedForward(shape),
            .. layer % AttentionPeriod == AttentionPeriod - 1 ? GatedAttention(shape) : DeltaRule(shape, heads, length),
        ]);

    /// <summary>Gets LFM2: short convolutions, and attention in six layers.</summary>
    public static ModelFamily ShortConvolution { get; } = new(
        "lfm2",
        static shape =>
        [
            ("rope.freq_base", 1_000_000f),
            ("attention.head_count_kv", Array.ConvertAll(Layers(shape), layer => HasAttention(layer) ? shape.KvHeads : 0)),
            ("shortconv.l_cache", (uint)ShortTaps),
        ],
        static (shape, layer) =>
        [
            .. Norms(shape, "attn_norm", "ffn_norm"), .. FeedForward(shape),
            .. HasAttention(layer) ? (TensorShape[])[.. HeadNorms(shape), .. Attention(shape)] : Convolution(shape),
        ])
    {
        OutputNorm = "token_embd_norm",
    };

    private static int[] Layers(ModelShape shape) => [.. Enumerable.Range(0, shape.Layers)];

    private static bool HasAttention(int layer) => layer is 2 or 5 or 8 or 10 or 12 or 14;

    private static TensorShape[] StateSpace(ModelShape shape, int inner, int states) =>
    [
        OfMatrix("ssm_in", shape.Hidden, (2L * inner) + (2 * states) + shape.Heads),
        OfFloats("ssm_conv1d", Taps, inner + (2 * states)),
        new("ssm_conv1d.bias", inner + (2 * states)) { Constant = 0 },
        .. Decays(1, shape.Heads),
        new("ssm_d", 1, shape.Heads) { Constant = 1 },
        OfNorm("ssm_norm", inner) with { Dimensions = [inner, 1] },
        OfMatrix("ssm_out", inner, shape.Hidden),
    ];

    private static TensorShape[] DeltaRule(ModelShape shape, int heads, int length) =>
    [
        OfMatrix("attn_qkv", shape.Hidden, 3L * heads * length),
        OfMatrix("attn_gate", shape.Hidden, (long)heads * length),
        OfMatrix("ssm_beta", shape.Hidden, heads),
        OfMatrix("ssm_alpha", shape.Hidden, heads),
        OfFloats("ssm_conv1d", Taps, 3L * heads * length),
        .. Decays(heads),
        OfNorm("ssm_norm", length),
        OfMatrix("ssm_out", (long)heads * length, shape.Hidden),
    ];

    /// <summary>Gets decays and time steps in the range of trained models: a state loses some percent in a step.</summary>
    private static TensorShape[] Decays(params long[] dimensions) =>
        [new("ssm_a", dimensions) { Constant = -1 }, new("ssm_dt.bias", dimensions[^1]) { Constant = -3 }];

    private static TensorShape[] Convolution(ModelShape shape) =>
    [
        OfMatrix("shortconv.in_proj", shape.Hidden, 3L * shape.Hidden),
        OfFloats("shortconv.conv", ShortTaps, shape.Hidden),
        OfMatrix("shortconv.out_proj", shape.Hidden, shape.Hidden),
    ];

    /// <summary>Gets attention with a gate beside each query, and the norms of its queries and keys.</summary>
    private static TensorShape[] GatedAttention(ModelShape shape) =>
    [
        .. Attention(shape)[1..], .. HeadNorms(shape), OfMatrix("attn_q", shape.Hidden, 2L * shape.Heads * shape.HeadLength),
    ];
}
