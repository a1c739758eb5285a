using System;
using System.Threading;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Some rows of a tensor of a GGUF file, read in pieces.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="First">The first row.</param>
/// <param name="Count">The number of rows.</param>
/// <param name="Path">The path of the file, for messages.</param>
internal sealed record TensorRows(GgufTensor Tensor, long First, int Count, string Path)
{
    private const long PieceWeights = 4 << 20;

    /// <summary>Gets the number of elements of a row.</summary>
    public int Columns => (int)Tensor.Columns;

    /// <summary>Processes the bytes of all rows.</summary>
    /// <param name="piece">Receives the bytes, the index of the first row and the number of rows.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public void ForEachPiece(Action<byte[], int, int> piece, CancellationToken cancellationToken)
    {
        int most = (int)Math.Clamp(PieceWeights / Columns, 1, Count);
        byte[] bytes = new byte[most * Tensor.RowBytes];
        for (int row = 0; row < Count; row += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(most, Count - row);
            Tensor.ReadRows(First + row, bytes.AsSpan(0, (int)(rows * Tensor.RowBytes)));
            piece(bytes, row, rows);
        }
    }

    /// <summary>Gets the bytes of a row of a piece.</summary>
    public ReadOnlySpan<byte> RowOf(byte[] piece, int row) => piece.AsSpan((int)(row * Tensor.RowBytes), (int)Tensor.RowBytes);

    /// <summary>Refuses values that are not finite.</summary>
    /// <exception cref="ModelFormatException">A value is infinite or not a number.</exception>
    public void RequireFinite(ReadOnlySpan<float> values, long row)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new ModelFormatException(
                    Path, Tensor.FileOffset, $"tensor '{Tensor.Name}', row {First + row}: found {value}, expected finite numbers");
            }
        }
    }
}
