using System;

namespace EdgeRuntime;

/// <summary>Specifies how texts are computed as wholes, for embeddings and for scores.</summary>
public record TextPassOptions
{
    internal TextPassOptions()
    {
    }

    /// <summary>
    /// Gets the greatest number of tokens of a text, or of a query with its document; null for the context length of the model.
    /// </summary>
    public int? ContextLength
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 1, "1 or more tokens, or null for the default");
    }

    /// <summary>Gets a value indicating whether a longer text is cut at its end. The default is false: it is refused.</summary>
    /// <remarks>A token that the vocabulary adds at the end of every text, such as SEP, stays the last one.</remarks>
    public bool Truncate { get; init; }

    /// <summary>
    /// Gets a value indicating whether control tokens that are spelled out in a text become their ids. The default is false: they are plain
    /// text.
    /// </summary>
    public bool ParseSpecial { get; init; }

    /// <summary>
    /// Gets the number of tokens that are computed in one pass, of as many texts as fit; null for that of the tuning profile, or 512.
    /// Results do not depend on it.
    /// </summary>
    public int? BatchTokens
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 1, "1 or more tokens, or null for the default");
    }

    /// <summary>Gets the number format of keys and values during a pass. The default is F32.</summary>
    public KvCacheType KvCacheType
    {
        get;
        init => field = OptionCheck.Require(value, Enum.IsDefined(value), "a value of KvCacheType");
    } = KvCacheType.F32;
}

/// <summary>Specifies how a model makes embeddings.</summary>
public sealed record EmbeddingOptions : TextPassOptions
{
    /// <summary>Gets the pooling; null for that of the model.</summary>
    public EmbeddingPooling? Pooling
    {
        get;
        init => field = OptionCheck.Require(
            value, value is null || Enum.IsDefined(value.Value), "a value of EmbeddingPooling, or null for that of the model");
    }

    /// <summary>
    /// Gets the norm that every vector is divided by: 2, the default, for the Euclidean length, 1 for the sum of absolute values, p for the
    /// p-norm, 0 to scale the greatest absolute value to 32760, and -1 for none. Scores are never normalized.
    /// </summary>
    public int Normalization
    {
        get;
        init => field = OptionCheck.Require(value, value >= -1, "-1 (none), 0 (greatest absolute value) or the order of a norm");
    } = 2;
}

/// <summary>Specifies how a model scores documents for a query.</summary>
public sealed record RerankOptions : TextPassOptions;
