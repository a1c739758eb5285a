using System;

namespace EdgeRuntime;

/// <summary>Represents the embedding of a text: one vector, or one for each token without pooling. Immutable.</summary>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// TextEmbedding sea = model.Embed("the sea"), ocean = model.Embed("the ocean");
/// Console.WriteLine(TensorPrimitives.CosineSimilarity(sea.Values.Span, ocean.Values.Span));
/// </code>
/// </example>
/// <param name="values">[rows, size].</param>
/// <param name="rows">The number of vectors.</param>
/// <param name="tokenCount">The number of tokens of the text.</param>
/// <param name="isTruncated">Whether the text was cut.</param>
public sealed class TextEmbedding(ReadOnlyMemory<float> values, int rows, int tokenCount, bool isTruncated = false)
{
    /// <summary>Gets the vectors, [<see cref="Rows"/>, <see cref="Size"/>]: the vector of the text if there is one row.</summary>
    public ReadOnlyMemory<float> Values { get; } = values;

    /// <summary>Gets the number of vectors: 1, or without pooling that of the tokens.</summary>
    public int Rows { get; } = rows;

    /// <summary>Gets the number of elements of a vector.</summary>
    public int Size => Rows == 0 ? 0 : Values.Length / Rows;

    /// <summary>Gets the number of tokens that were computed.</summary>
    public int TokenCount { get; } = tokenCount;

    /// <summary>Gets a value indicating whether the text was longer than the context and was cut.</summary>
    public bool IsTruncated { get; } = isTruncated;
}
