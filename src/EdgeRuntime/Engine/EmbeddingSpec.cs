using System;

namespace EdgeRuntime.Engine;

/// <summary>How a model makes an embedding or scores of the hidden states of a text.</summary>
public sealed record EmbeddingSpec
{
    /// <summary>Gets the spec of a model that says nothing: hidden states as they are.</summary>
    public static EmbeddingSpec Default { get; } = new();

    /// <summary>Gets the pooling that the model was trained with; <see cref="EmbeddingPooling.None"/> if it does not say.</summary>
    public EmbeddingPooling Pooling { get; init; }

    /// <summary>Gets what computes the embedding of the pooled hidden state, or null if they are the same.</summary>
    public ITextHead? Projection { get; init; }

    /// <summary>Gets what computes scores of the pooled hidden state, or null if the model has no scores.</summary>
    public ITextHead? Ranking { get; init; }

    /// <summary>Gets the pooling before <see cref="Ranking"/>.</summary>
    public EmbeddingPooling RankingPooling { get; init; } = EmbeddingPooling.Cls;
}

/// <summary>Computes a vector of the pooled hidden state of a text. Immutable and thread-safe.</summary>
public interface ITextHead
{
    /// <summary>Gets the number of elements of the result.</summary>
    int OutputSize { get; }

    /// <summary>Computes the result.</summary>
    /// <param name="pooled">[hidden size].</param>
    /// <param name="output">[OutputSize]: receives the result.</param>
    void Apply(ReadOnlySpan<float> pooled, Span<float> output);
}
