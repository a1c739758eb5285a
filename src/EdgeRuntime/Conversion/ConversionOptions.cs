using EdgeRuntime.Formats;

namespace EdgeRuntime.Conversion;

/// <summary>Options of <see cref="ModelConverter"/>.</summary>
public sealed record ConversionOptions
{
    /// <summary>
    /// Gets the type of the matrices: F32, F16, BF16 or Q8_0; null, the default, for the type that the folder has. Vectors, norms and a few
    /// small matrices are always F32. A matrix whose rows are no multiple of 32 long is F16 instead of Q8_0.
    /// </summary>
    public TensorType? Type { get; init; }

    /// <summary>Gets the name of the model (<c>general.name</c>); null for the name of the folder.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Gets the name of the pre-tokenizer, which replaces the one that the files describe; null to find it. It matters to BPE vocabularies
    /// only.
    /// </summary>
    public string? PreTokenizer { get; init; }
}
