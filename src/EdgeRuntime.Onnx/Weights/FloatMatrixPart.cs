using System;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Onnx.Weights;

/// <summary>Rows of a tensor as floats, [rows, columns].</summary>
internal sealed class FloatMatrixPart : IDataPart
{
    private readonly TensorRows _rows;

    /// <param name="rows">The rows.</param>
    /// <param name="kind">The float type in the data file.</param>
    /// <param name="plan">The data file.</param>
    public FloatMatrixPart(TensorRows rows, ElementKind kind, DataPlan plan)
    {
        _rows = rows;
        Kind = kind;
        Range = plan.Reserve((long)rows.Count * rows.Columns * FloatValues.SizeOf(kind));
    }

    /// <summary>Gets the float type.</summary>
    public ElementKind Kind { get; }

    /// <summary>Gets the range of the file.</summary>
    public DataRange Range { get; }

    public void Write(DataFileWriter file, Action<long> written, CancellationToken cancellationToken)
    {
        TensorFormat format = TensorFormats.Get(_rows.Tensor.Type);
        int rowBytes = _rows.Columns * FloatValues.SizeOf(Kind);
        _rows.ForEachPiece(
            (piece, first, count) =>
            {
                byte[] result = new byte[count * rowBytes];
                Parallel.For(0, count, row =>
                {
                    float[] values = new float[_rows.Columns];
                    format.Dequantize(_rows.RowOf(piece, row), values);
                    _rows.RequireFinite(values, first + row);
                    FloatValues.Convert(values, Kind, result.AsSpan(row * rowBytes, rowBytes));
                });
                file.Write<byte>(Range.Offset + ((long)first * rowBytes), result);
                written(result.Length);
            },
            cancellationToken);
    }
}
