namespace EdgeRuntime;

/// <summary>The exception that is thrown when a weight matrix contains a scale or a weight that is infinite or not a number.</summary>
internal sealed class NonFiniteWeightException : EdgeRuntimeException
{
    /// <param name="row">The row of the matrix.</param>
    /// <param name="column">The first column of the block.</param>
    public NonFiniteWeightException(long row, long column)
        : base(
            $"row {row} has an infinite or undefined weight at or after column {column}; the file is damaged, download or convert it again")
    {
        Row = row;
        Column = column;
    }

    /// <summary>Gets the row of the matrix.</summary>
    public long Row { get; }

    /// <summary>Gets the first column of the block.</summary>
    public long Column { get; }
}
