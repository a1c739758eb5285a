using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Conversion;

/// <summary>Reads tensors, converts their types and writes them, a few rows at a time.</summary>
/// <param name="writer">The writer, with the tensors named.</param>
/// <param name="elements">The number of elements of all tensors.</param>
/// <param name="progress">Receives the share of the elements that are written.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class TensorCopier(GgufWriter writer, long elements, IProgress<float>? progress, CancellationToken cancellationToken)
{
    private const int BufferElements = 1 << 20;

    private float[] _numbers = [];
    private byte[] _bytes = [];
    private long _done;

    /// <summary>Copies all tensors.</summary>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public void Copy(IReadOnlyList<PlannedTensor> tensors)
    {
        foreach (PlannedTensor tensor in tensors)
        {
            Copy(tensor);
        }
    }

    private void Copy(PlannedTensor tensor)
    {
        TensorRows rows = tensor.Rows;
        TensorFormat format = TensorFormats.Get(tensor.Type);
        int step = (int)Math.Min(rows.Count, Math.Max(1, BufferElements / rows.Columns));
        if (_numbers.Length < (long)step * rows.Columns)
        {
            _numbers = new float[checked(step * rows.Columns)];
        }

        for (long row = 0; row < rows.Count; row += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<float> numbers = _numbers.AsSpan(0, (int)Math.Min(step, rows.Count - row) * rows.Columns);
            int length = numbers.Length / format.BlockWeights * format.BlockBytes;
            if (_bytes.Length < length)
            {
                _bytes = new byte[length];
            }

            Span<byte> bytes = _bytes.AsSpan(0, length);
            if (rows is TensorRows.OfBlocks blocks)
            {
                blocks.ReadBlocks(row, bytes);
            }
            else
            {
                rows.Read(row, numbers);
                Check(tensor, format, numbers);
                format.QuantizeRows(numbers, rows.Columns, [], bytes);
            }

            writer.WriteData(bytes);
            _done += numbers.Length;
            progress?.Report((float)_done / elements);
        }
    }

    // Blocks of quants have no place for an infinity; the float types do.
    private static void Check(PlannedTensor tensor, TensorFormat format, ReadOnlySpan<float> numbers)
    {
        if (format.BlockWeights == 1)
        {
            return;
        }

        foreach (float number in numbers)
        {
            if (!float.IsFinite(number))
            {
                throw new UnsupportedModelException(
                    $"tensor \"{tensor.Name}\" has a number that is not finite, expected finite ones for {tensor.Type}; convert to F32");
            }
        }
    }
}
