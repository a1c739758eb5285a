using System;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>
/// Rows of a quantized tensor in a <see cref="PackedForm"/>: stored numbers [rows, bytes], scales [rows, blocks] and, for types with
/// minima, offsets [blocks, rows].
/// </summary>
internal sealed class PackedMatrixPart : IDataPart
{
    private readonly TensorRows _rows;
    private readonly ElementKind _kind;
    private readonly Requantizer? _requantizer;

    /// <param name="rows">The rows.</param>
    /// <param name="form">The form.</param>
    /// <param name="kind">The float type of scales and offsets.</param>
    /// <param name="requantizer">Converts rows to the type of the form; null if they have it.</param>
    /// <param name="plan">The data file.</param>
    public PackedMatrixPart(TensorRows rows, PackedForm form, ElementKind kind, Requantizer? requantizer, DataPlan plan)
    {
        _rows = rows;
        _kind = kind;
        _requantizer = requantizer;
        Form = form;
        Blocks = rows.Columns / form.Block;
        Stored = plan.Reserve((long)rows.Count * form.RowBytes(rows.Columns));
        long scaleBytes = (long)rows.Count * Blocks * FloatValues.SizeOf(kind);
        Scales = plan.Reserve(scaleBytes);
        Offsets = form.HasOffsets ? plan.Reserve(scaleBytes) : null;
    }

    /// <summary>Gets the form.</summary>
    public PackedForm Form { get; }

    /// <summary>Gets the number of blocks of a row.</summary>
    public int Blocks { get; }

    /// <summary>Gets the range of the stored numbers.</summary>
    public DataRange Stored { get; }

    /// <summary>Gets the range of the scales.</summary>
    public DataRange Scales { get; }

    /// <summary>Gets the range of the offsets, or null.</summary>
    public DataRange? Offsets { get; }

    public void Write(IDataTarget target, Action<long> written, CancellationToken cancellationToken)
    {
        int rowBytes = Form.RowBytes(_rows.Columns);
        _rows.ForEachPiece(
            (piece, first, count) =>
            {
                byte[] stored = new byte[count * rowBytes];
                float[] scales = new float[count * Blocks];
                float[] offsets = new float[Form.HasOffsets ? count * Blocks : 0];
                Parallel.For(0, count, row => PackRow(
                    _rows.RowOf(piece, row),
                    first + row,
                    stored.AsSpan(row * rowBytes, rowBytes),
                    scales.AsSpan(row * Blocks, Blocks),
                    Form.HasOffsets ? offsets.AsSpan(row * Blocks, Blocks) : default));
                target.Write<byte>(Stored.Offset + ((long)first * rowBytes), stored);
                byte[] scaleBytes = FloatValues.ToBytes(scales, _kind);
                target.Write<byte>(Scales.Offset + ((long)first * Blocks * FloatValues.SizeOf(_kind)), scaleBytes);
                if (Offsets is { } range)
                {
                    MatrixWriter.WriteTransposed(target, range, offsets, Blocks, first, _rows.Count, _kind);
                }

                written(stored.Length + (scaleBytes.Length * (Form.HasOffsets ? 2 : 1)));
            },
            cancellationToken);
        _requantizer?.Report(_rows.Tensor);
    }

    private void PackRow(ReadOnlySpan<byte> row, int index, Span<byte> stored, Span<float> scales, Span<float> offsets)
    {
        Form.Pack(_requantizer is null ? row : _requantizer.Convert(row, _rows, index), stored, scales, offsets);
        _rows.RequireFinite(scales, index);
        _rows.RequireFinite(offsets, index);
    }
}
