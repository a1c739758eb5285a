using System;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Rows of a tensor as floats, [rows, columns] or, transposed, [columns, rows].</summary>
internal sealed class FloatMatrixPart : IDataPart
{
    private readonly TensorRows _rows;
    private readonly bool _isTransposed;

    /// <param name="rows">The rows.</param>
    /// <param name="kind">The float type in the data file.</param>
    /// <param name="isTransposed">Whether rows become columns.</param>
    /// <param name="plan">The data file.</param>
    public FloatMatrixPart(TensorRows rows, ElementKind kind, bool isTransposed, DataPlan plan)
    {
        _rows = rows;
        _isTransposed = isTransposed;
        Kind = kind;
        Range = plan.Reserve((long)rows.Count * rows.Columns * FloatValues.SizeOf(kind));
    }

    /// <summary>Gets the float type.</summary>
    public ElementKind Kind { get; }

    /// <summary>Gets the range of the file.</summary>
    public DataRange Range { get; }

    public void Write(IDataTarget target, Action<long> written, CancellationToken cancellationToken)
    {
        TensorFormat format = TensorFormats.Get(_rows.Tensor.Type);
        int columns = _rows.Columns;
        _rows.ForEachPiece(
            (piece, first, count) =>
            {
                float[] values = new float[count * columns];
                Parallel.For(0, count, row =>
                {
                    Span<float> floats = values.AsSpan(row * columns, columns);
                    format.Dequantize(_rows.RowOf(piece, row), floats);
                    _rows.RequireFinite(floats, first + row);
                });
                if (_isTransposed)
                {
                    MatrixWriter.WriteTransposed(target, Range, values, columns, first, _rows.Count, Kind);
                }
                else
                {
                    long place = (long)first * columns * FloatValues.SizeOf(Kind);
                    target.Write<byte>(Range.Offset + place, FloatValues.ToBytes(values, Kind));
                }

                written((long)values.Length * FloatValues.SizeOf(Kind));
            },
            cancellationToken);
    }
}
