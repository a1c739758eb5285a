using System;
using System.Buffers;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>The rows of a tensor, to be converted to another type. Threads may convert different rows at the same time.</summary>
internal sealed class TensorRows
{
    private readonly RowImportance _importance;
    private readonly WeightReader _reader;
    private readonly TensorFormat _newFormat;

    /// <param name="tensor">The tensor, of a type with a format.</param>
    /// <param name="type">The new type, whose blocks divide the rows.</param>
    /// <param name="importance">The importance of the columns, [matrices, columns]; empty if they are all alike.</param>
    public TensorRows(GgufTensor tensor, TensorType type, ReadOnlyMemory<float> importance)
    {
        _importance = new RowImportance(tensor, importance);
        _reader = new WeightReader(tensor, type);
        _newFormat = TensorFormats.Get(type);
        NewRowBytes = _newFormat.RowBytes(Columns);
    }

    public int Columns => _reader.Columns;

    public long NewRowBytes { get; }

    /// <summary>Converts rows with several threads. The result does not depend on their number.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="destination">Receives the rows: count * NewRowBytes bytes.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="ModelFormatException">A weight is not finite, or too large for the type.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Convert(long first, int count, Memory<byte> destination, int threads, CancellationToken cancellationToken)
    {
        int pieceRows = PieceLoop.RowsOfPiece(Columns, count);
        PieceLoop.Run((count + pieceRows - 1) / pieceRows, ScratchBytes(pieceRows), ConvertPiece, threads, cancellationToken);

        void ConvertPiece(int piece)
        {
            int row = piece * pieceRows;
            int length = Math.Min(pieceRows, count - row);
            int bytes = (int)NewRowBytes;
            Convert(first + row, length, destination.Span.Slice(row * bytes, length * bytes));
        }
    }

    /// <summary>Measures the error of the new type on some rows.</summary>
    /// <param name="rows">The indices of the rows.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>The squared error, with each column weighted by its importance, relative to the squares of the weights.</returns>
    /// <inheritdoc cref="Convert(long, int, Memory{byte}, int, CancellationToken)" path="/exception"/>
    public double MeasureError(long[] rows, int threads, CancellationToken cancellationToken)
    {
        (double Error, double Square)[] sums = new (double, double)[rows.Length];
        PieceLoop.Run(rows.Length, ScratchBytes(1), index => sums[index] = MeasureRow(rows[index]), threads, cancellationToken);
        double error = 0;
        double square = 0;
        foreach ((double Error, double Square) sum in sums)
        {
            error += sum.Error;
            square += sum.Square;
        }

        return square > 0 ? error / square : 0;
    }

    private long ScratchBytes(int rows) => (long)rows * Columns * sizeof(float) * 2;

    private void Convert(long first, int count, Span<byte> destination)
    {
        float[] weights = ArrayPool<float>.Shared.Rent(count * Columns);
        try
        {
            Span<float> values = weights.AsSpan(0, count * Columns);
            _reader.Read(first, values);
            Quantize(values, first, count, destination);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(weights);
        }
    }

    private (double Error, double Square) MeasureRow(long row)
    {
        float[] weights = ArrayPool<float>.Shared.Rent(2 * Columns);
        byte[] blocks = ArrayPool<byte>.Shared.Rent((int)NewRowBytes);
        try
        {
            Span<float> values = weights.AsSpan(0, Columns);
            Span<float> errors = weights.AsSpan(Columns, Columns);
            _reader.Read(row, values);
            ReadOnlySpan<float> importance = _importance.Of(row);
            double error = RowError.Measure(_newFormat, values, importance, blocks, errors);
            return (error, RowError.SumOfSquares(values, importance));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(blocks);
            ArrayPool<float>.Shared.Return(weights);
        }
    }

    /// <summary>Quantizes rows; those of each expert with its own importance.</summary>
    private void Quantize(ReadOnlySpan<float> values, long first, int count, Span<byte> destination)
    {
        long equalRows = _importance.EqualRows;
        for (int row = 0; row < count;)
        {
            int together = (int)Math.Min(count - row, equalRows - ((first + row) % equalRows));
            _newFormat.QuantizeRows(
                values.Slice(row * Columns, together * Columns),
                Columns,
                _importance.Of(first + row),
                destination.Slice((int)(row * NewRowBytes), (int)(together * NewRowBytes)));
            row += together;
        }
    }
}
