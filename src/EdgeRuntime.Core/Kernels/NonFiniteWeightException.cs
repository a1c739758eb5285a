using System;

namespace EdgeRuntime.Kernels;

/// <summary>A weight matrix has a scale or a weight that is infinite or not a number, with which every product would be.</summary>
internal sealed class NonFiniteWeightException : Exception
{
    /// <param name="row">The matrix's row.</param>
    /// <param name="column">First column of the block.</param>
    public NonFiniteWeightException(long row, long column)
        : base(
            $"row {row} has an infinite or undefined weight at or after column {column}; the file is damaged, download or convert it again")
    {
        Row = row;
        Column = column;
    }

    /// <summary>The matrix's row.</summary>
    public long Row { get; }

    /// <summary>First column of the block with the bad scale.</summary>
    public long Column { get; }
}
