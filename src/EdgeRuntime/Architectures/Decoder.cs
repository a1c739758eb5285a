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

    /// <summary>Name of the output matrix; the embedding serves where the file has none.</summary>
    public string Output { get; init; } = "output";

    /// <summary>Factor of the logits.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>Limit that the logits approach, or 0 for none.</summary>
    public float LogitCap { get; init; }

    /// <summary>Tells the tensors that the family has and this runtime deliberately does not run, by name.</summary>
    public Predicate<string> IsNotRun { get; init; } = static _ => false;

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
    /// <param name="feedForward">The second branch, which reads <c>ffn_norm</c>.</param>
    public Stage[] PreNorm(string layer, Branch mixer, Branch feedForward) =>
    [
        new Residual(Norm($"{layer}.attn_norm"), mixer),
        new Residual(Norm($"{layer}.ffn_norm"), feedForward),
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
        int vocabulary = _keys.Vocabulary;
        IEnumerable<Stage> layers = Enumerable.Range(0, count ?? _keys.LayerCount).SelectMany(index => layer(index, $"blk.{index}"));
        return new ModelModules
        {
            Hidden = Hidden,
            Vocabulary = vocabulary,
            ContextLength = _keys.ContextLength,
            IsNotRun = IsNotRun,
            TensorOf = TensorOf,
            Stages =
            [
                Embedding,
                .. layers,
                new Head(Norm(OutputNorm), Output, "token_embd", Hidden, vocabulary)
                {
                    Scale = LogitScale,
                    Cap = LogitCap,
                    Rows = OutputRows ?? vocabulary,
                },
            ],
        };
    }
}
