using System;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>The importance of the columns of a tensor; each of its matrices (experts) has its own.</summary>
/// <param name="tensor">The tensor.</param>
/// <param name="values">[matrices, columns], or empty if all columns are alike.</param>
internal readonly struct RowImportance(GgufTensor tensor, ReadOnlyMemory<float> values)
{
    /// <summary>Gets whether all columns are alike.</summary>
    public bool IsEmpty => values.IsEmpty;

    /// <summary>Gets the number of rows, from a multiple of it on, that have the same importance.</summary>
    public long EqualRows => values.IsEmpty ? long.MaxValue : tensor.Dimensions[1];

    /// <summary>Gets the importance of the columns in a row; empty if all columns are alike.</summary>
    public ReadOnlySpan<float> Of(long row)
    {
        int columns = (int)tensor.Columns;
        return values.IsEmpty ? default : values.Span.Slice((int)(row / tensor.Dimensions[1]) * columns, columns);
    }
}
