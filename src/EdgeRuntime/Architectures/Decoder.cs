using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// What the decoders of most families share: an embedding, the same stages for every layer, a last norm and an output matrix. A family
/// changes what it has of its own.
/// </summary>
internal sealed class Decoder
{
    private readonly ArchitectureKeys _keys;
    private readonly NormKind _normKind;
    private readonly float _epsilon;

    /// <param name="keys">The model's metadata.</param>
    /// <param name="normKind">Of every norm over the residual stream.</param>
    /// <param name="epsilon">Of these norms; null for that of the key that goes with the kind.</param>
    public Decoder(ArchitectureKeys keys, NormKind normKind, float? epsilon = null)
    {
        _keys = keys;
        _normKind = normKind;
        _epsilon = epsilon ?? (normKind == NormKind.Rms ? keys.RmsEpsilon : keys.LayerNormEpsilon);
        Hidden = keys.Hidden;
        Embedding = new Embedding("token_embd", Hidden);
    }

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>The first stage.</summary>
    public Embedding Embedding { get; init; }

    /// <summary>Name of the last norm; null for a norm without weights.</summary>
    public string? OutputNorm { get; init; } = "output_norm";

    /// <summary>Whether there is a last norm.</summary>
    public bool HasOutputNorm { get; init; } = true;

    /// <summary>Whether the model has logits; if not, its output matrix is not run.</summary>
    public bool HasLogits { get; init; } = true;

    /// <summary>What makes embeddings and scores of hidden states; null for the file's pooling alone.</summary>
    public TextHeads? TextHeads { get; init; }

    /// <summary>Name of the output matrix.</summary>
    public string Output { get; init; } = "output";

    /// <summary>Name of the matrix that serves where the file has no output matrix; null where the file must have one.</summary>
    public string? OutputFallback { get; init; } = "token_embd";

    /// <summary>Factor of the logits.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>Limit that the logits approach, or 0 for none.</summary>
    public float LogitCap { get; init; }

    /// <summary>Tells the tensors that the family has and this runtime deliberately does not run, by name.</summary>
    public Predicate<string> IsNotRun { get; init; } = static _ => false;

    /// <summary>
    /// Gets whether a tensor is a bias that files may have and that some families do not add: all but those of queries, keys and values.
    /// </summary>
    public static bool IsUnusedBias(string tensor) =>
        tensor.EndsWith(".bias", StringComparison.Ordinal)
        && !tensor.Contains(".attn_q", StringComparison.Ordinal)
        && !tensor.EndsWith(".attn_k.bias", StringComparison.Ordinal)
        && !tensor.EndsWith(".attn_v.bias", StringComparison.Ordinal);

    /// <summary>Gets whether a tensor is a set of rope factors, which some families load and do not use.</summary>
    public static bool IsRopeFactors(string tensor) =>
        tensor is "rope_freqs.weight" or "rope_factors_long.weight" or "rope_factors_short.weight";

    /// <summary>The tensor that a module gets for a name: another one where layers share their weights.</summary>
    public Func<string, string> TensorOf { get; init; } = static name => name;

    /// <summary>Rows of the output matrix, whose logits are those of the last tokens; null for all.</summary>
    public int? OutputRows { get; init; }

    /// <summary>A norm over the residual stream.</summary>
    /// <param name="name">Tensor name without its last part; null for a norm without weights.</param>
    public Norm Norm(string? name = null) => new(name, _normKind, _epsilon, Hidden);

    /// <summary>Makes a layer of two branches, one after the other, each with a norm before it.</summary>
    /// <param name="layer">The start of the tensor names (<c>blk.0</c>).</param>
    /// <param name="mixer">The first branch, which reads <c>attn_norm</c>.</param>
    /// <param name="feedForward">The second branch, which reads <paramref name="feedForwardNorm"/>.</param>
    /// <param name="feedForwardNorm">The name of the second norm within the layer.</param>
    public Stage[] PreNorm(string layer, Branch mixer, Branch feedForward, string feedForwardNorm = "ffn_norm") =>
    [
        new Residual(Norm($"{layer}.attn_norm"), mixer),
        new Residual(Norm($"{layer}.{feedForwardNorm}"), feedForward),
    ];

    /// <summary>Makes a layer of two branches, one after the other, each with a norm after it only.</summary>
    /// <param name="layer">The start of the tensor names.</param>
    /// <param name="mixer">The first branch, followed by <c>post_attention_norm</c>.</param>
    /// <param name="feedForward">The second branch, followed by <c>post_ffw_norm</c>.</param>
    public Stage[] PostNorm(string layer, Branch mixer, Branch feedForward) =>
    [
        new Residual(before: null, mixer, Norm($"{layer}.post_attention_norm")),
        new Residual(before: null, feedForward, Norm($"{layer}.post_ffw_norm")),
    ];

    /// <summary>Makes a layer of two branches, one after the other, each with norms before and after it.</summary>
    /// <param name="layer">The start of the tensor names.</param>
    /// <param name="mixer">The first branch, between <c>attn_norm</c> and <c>post_attention_norm</c>.</param>
    /// <param name="feedForward">The second branch, between <c>ffn_norm</c> and <c>post_ffw_norm</c>.</param>
    public Stage[] Sandwich(string layer, Branch mixer, Branch feedForward) =>
    [
        new Residual(Norm($"{layer}.attn_norm"), mixer, Norm($"{layer}.post_attention_norm")),
        new Residual(Norm($"{layer}.ffn_norm"), feedForward, Norm($"{layer}.post_ffw_norm")),
    ];

    /// <summary>Makes a layer of two branches side by side, which both read <c>attn_norm</c>.</summary>
    /// <param name="layer">The start of the tensor names.</param>
    /// <param name="mixer">One branch.</param>
    /// <param name="feedForward">The other branch.</param>
    public Stage[] Parallel(string layer, Branch mixer, Branch feedForward)
    {
        Norm norm = Norm($"{layer}.attn_norm");
        return [new ParallelResidual(norm, mixer, norm, feedForward)];
    }

    /// <summary>The model.</summary>
    /// <param name="layer">The stages of a layer, of its index and the start of its tensor names (<c>blk.0</c>).</param>
    /// <param name="count">The number of layers; null for that of the file.</param>
    public ModelModules Build(Func<int, string, Stage[]> layer, int? count = null)
    {
        int vocabulary = (int)_keys.Source.MatrixWithAnyRows($"{Embedding.Name}.weight", Hidden).Rows;
        IEnumerable<Stage> layers = Enumerable.Range(0, count ?? _keys.LayerCount).SelectMany(index => layer(index, $"blk.{index}"));
        return new ModelModules
        {
            Hidden = Hidden,
            Vocabulary = vocabulary,
            ContextLength = _keys.ContextLength,
            HasLogits = HasLogits,
            TextHeads = TextHeads ?? TextHeadKeys.Read(_keys),
            IsNotRun = HasLogits ? IsNotRun : name => name == $"{Output}.weight" || IsNotRun(name),
            TensorOf = TensorOf,
            Stages =
            [
                Embedding,
                .. layers,
                CreateHead(vocabulary),
            ],
        };
    }

    private Head CreateHead(int vocabulary) =>
        new(HasOutputNorm ? Norm(OutputNorm) : null, HasLogits ? Output : null, OutputFallback, Hidden, vocabulary)
        {
            Scale = LogitScale,
            Cap = LogitCap,
            Rows = OutputRows ?? vocabulary,
        };
}
