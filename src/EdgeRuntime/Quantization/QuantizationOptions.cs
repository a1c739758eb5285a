using System.Collections.Generic;
using System.Collections.ObjectModel;
using EdgeRuntime.Formats;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Quantization;

/// <summary>Specifies how <see cref="ModelQuantizer"/> makes a file.</summary>
public sealed record QuantizationOptions
{
    /// <summary>Gets the file type, which gives each tensor its type.</summary>
    public required QuantizationMix Mix { get; init; }

    /// <summary>Gets the importance matrix of the model; null, the default, to treat all columns of a matrix alike.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Gets the name of the file of the importance matrix, which the new file's metadata tell; null for none.</summary>
    public string? ImportanceFile { get; init; }

    /// <summary>Gets types for tensors with certain names. The first pattern that matches counts.</summary>
    public IReadOnlyList<TensorTypePattern> TensorTypes { get; init; } = [];

    /// <summary>
    /// Gets types of tensors by their exact names, such as those of a plan that was made by measurement. They take precedence over all
    /// other options. A tensor that the model lacks, or that can't have its type, is a problem of the plan. The default is none.
    /// </summary>
    public IReadOnlyDictionary<string, TensorType> NamedTypes { get; init; } = ReadOnlyDictionary<string, TensorType>.Empty;

    /// <summary>Gets the type of the output matrix, and of an embedding that is one; null, the default, for that of the mix.</summary>
    public TensorType? OutputTensorType { get; init; }

    /// <summary>Gets the type of the token embedding; null, the default, for that of the mix.</summary>
    public TensorType? TokenEmbeddingType { get; init; }

    /// <summary>Gets a value indicating whether all matrices get the base type of the mix.</summary>
    public bool Pure { get; init; }

    /// <summary>Gets a value indicating whether a model of several files becomes as many files again.</summary>
    public bool KeepSplit { get; init; }

    /// <summary>
    /// Gets a value indicating whether matrices that are quantized already get other types. The errors of both types add up.
    /// </summary>
    public bool AllowRequantize { get; init; }

    /// <summary>Gets a value indicating whether existing files are replaced.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Gets the number of threads, at least 1. The default is one per physical core. The result does not depend on it.</summary>
    public int Threads { get; init => field = OptionCheck.Require(value, value >= 1, "at least 1"); } = ProcessorTopology.PhysicalCores;
}

/// <summary>Gives tensors whose names match a pattern a type.</summary>
/// <param name="Pattern">A regular expression that matches a part of the name, in any case: <c>ffn_down|attn_v</c>.</param>
/// <param name="Type">The type.</param>
public sealed record TensorTypePattern(string Pattern, TensorType Type);
