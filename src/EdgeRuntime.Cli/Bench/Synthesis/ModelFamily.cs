using System;
using System.Collections.Generic;
using static EdgeRuntime.Cli.Bench.Synthesis.TensorShape;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>The metadata and the tensors of an architecture, for sizes that a <see cref="ModelShape"/> gives.</summary>
/// <param name="Architecture">The value of <c>general.architecture</c>.</param>
/// <param name="Keys">Keys, without the name of the architecture, beside or instead of those of all families.</param>
/// <param name="Layer">The tensors of a layer, by its index.</param>
internal sealed record ModelFamily(
    string Architecture,
    Func<ModelShape, IEnumerable<(string Key, object Value)>> Keys,
    Func<ModelShape, int, IEnumerable<TensorShape>> Layer)
{
    private const int ContextLength = 32_768;

    /// <summary>Gets the name of the norm before the output matrix.</summary>
    public string OutputNorm { get; init; } = "output_norm";

    /// <summary>Gets the keys of a file, without the name of the architecture.</summary>
    public IEnumerable<KeyValuePair<string, object>> KeysOf(ModelShape shape)
    {
        var keys = new OrderedDictionary<string, object>
        {
            ["context_length"] = (uint)ContextLength,
            ["embedding_length"] = (uint)shape.Hidden,
            ["block_count"] = (uint)shape.Layers,
            ["feed_forward_length"] = (uint)shape.FeedForward,
            ["rope.dimension_count"] = (uint)shape.HeadLength,
            ["rope.freq_base"] = 500_000f,
            ["attention.head_count"] = (uint)shape.Heads,
            ["attention.head_count_kv"] = (uint)shape.KvHeads,
            ["attention.key_length"] = (uint)shape.HeadLength,
            ["attention.value_length"] = (uint)shape.HeadLength,
            ["attention.layer_norm_rms_epsilon"] = 1e-5f,
            ["vocab_size"] = (uint)shape.Vocabulary,
        };
        foreach ((string key, object value) in Keys(shape))
        {
            keys[key] = value;
        }

        return keys;
    }

    /// <summary>Gets the matrices of attention.</summary>
    public static TensorShape[] Attention(ModelShape shape)
    {
        int queryWidth = shape.Heads * shape.HeadLength;
        int kvWidth = shape.KvHeads * shape.HeadLength;
        return
        [
            OfMatrix("attn_q", shape.Hidden, queryWidth),
            OfMatrix("attn_k", shape.Hidden, kvWidth),
            OfMatrix("attn_v", shape.Hidden, kvWidth),
            OfMatrix("attn_output", queryWidth, shape.Hidden),
        ];
    }

    /// <summary>Gets the norms of each head's query and key.</summary>
    public static TensorShape[] HeadNorms(ModelShape shape) =>
        [OfNorm("attn_q_norm", shape.HeadLength), OfNorm("attn_k_norm", shape.HeadLength)];

    /// <summary>Gets norms over the residual stream.</summary>
    public static TensorShape[] Norms(ModelShape shape, params string[] names) =>
        Array.ConvertAll(names, name => OfNorm(name, shape.Hidden));

    /// <summary>Gets the matrices of a feed-forward with a gate.</summary>
    public static TensorShape[] FeedForward(ModelShape shape) =>
    [
        OfMatrix("ffn_gate", shape.Hidden, shape.FeedForward),
        OfMatrix("ffn_up", shape.Hidden, shape.FeedForward),
        OfMatrix("ffn_down", shape.FeedForward, shape.Hidden),
    ];
}
