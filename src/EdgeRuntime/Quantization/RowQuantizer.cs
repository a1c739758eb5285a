using System;
using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>
/// Converts tensors to other types, some rows at a time. Threads share the rows, and a finished part is written while the next one is
/// computed. The result does not depend on the number of threads.
/// </summary>
/// <param name="writer">Receives the tensors.</param>
/// <param name="threads">The number of threads.</param>
/// <param name="progress">Receives the numbers of source bytes that are done.</param>
/// <param name="cancellationToken">Cancels the work.</param>
internal sealed class RowQuantizer(GgufWriter writer, int threads, Action<long> progress, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>The weights that a thread converts at once; rows are not divided. They fit into a core's caches.</summary>
    private const int PieceWeights = 1 << 15;

    /// <summary>The approximate number of bytes of a part, of which two are in memory.</summary>
    private const int PartBytes = 8 << 20;

    /// <summary>The limit on the scratch of all threads together, which lowers their number for extremely long rows.</summary>
    private const long MaxScratchBytes = 256 << 20;

    private const float MaxF16 = 65504;

    private readonly byte[][] _parts = [[], []];
    private int _parity;
    private Task _writing = Task.CompletedTask;

    /// <summary>Writes a tensor in its new type.</summary>
    /// <param name="tensor">The tensor, with a format for both types.</param>
    /// <param name="importance">[matrices, columns], or empty.</param>
    /// <exception cref="ModelFormatException">A weight is not finite, or too large for the type.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Write(PlannedTensor tensor, ReadOnlyMemory<float> importance)
    {
        if (tensor.IsCopied)
        {
            Wait();
            cancellationToken.ThrowIfCancellationRequested();
            writer.CopyData(tensor.Source);
            progress(tensor.OldBytes);
            return;
        }

        var rows = new TensorRows(tensor, importance);
        long partRows = Math.Clamp(PartBytes / rows.NewRowBytes, 1, tensor.Source.Rows);
        for (long row = 0; row < tensor.Source.Rows; row += partRows)
        {
            int count = (int)Math.Min(partRows, tensor.Source.Rows - row);
            Memory<byte> part = NextPart(checked((int)(count * rows.NewRowBytes)));
            Convert(rows, row, count, part);
            Wait();
            _writing = Task.Run(() => writer.WriteData(part.Span), CancellationToken.None);
            progress(count * tensor.Source.RowBytes);
        }
    }

    /// <summary>Waits until everything is written.</summary>
    public void Wait() => _writing.GetAwaiter().GetResult();

    /// <summary>Waits until nothing is being written.</summary>
    public void Dispose() => _writing.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);

    private Memory<byte> NextPart(int bytes)
    {
        _parity ^= 1;
        if (_parts[_parity].Length < bytes)
        {
            _parts[_parity] = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return _parts[_parity].AsMemory(0, bytes);
    }

    private void Convert(TensorRows rows, long first, int count, Memory<byte> part)
    {
        int pieceRows = Math.Clamp(PieceWeights / rows.Columns, 1, count);
        long scratchBytes = (long)pieceRows * rows.Columns * sizeof(float) * 2;
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = (int)Math.Clamp(MaxScratchBytes / scratchBytes, 1, threads),
            CancellationToken = cancellationToken,
        };
        try
        {
            Parallel.For(0, (count + pieceRows - 1) / pieceRows, options, piece =>
            {
                int row = piece * pieceRows;
                int length = Math.Min(pieceRows, count - row);
                int bytes = (int)rows.NewRowBytes;
                rows.Convert(first + row, length, part.Span.Slice(row * bytes, length * bytes));
            });
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.Flatten().InnerExceptions[0]);
        }
    }

    /// <summary>The rows of a tensor that is converted.</summary>
    private sealed class TensorRows
    {
        private readonly PlannedTensor _tensor;
        private readonly ReadOnlyMemory<float> _importance;
        private readonly TensorFormat _oldFormat;
        private readonly TensorFormat _newFormat;
        private readonly float _scale;
        private readonly float _largest;

        public TensorRows(PlannedTensor tensor, ReadOnlyMemory<float> importance)
        {
            _tensor = tensor;
            _importance = importance;
            _oldFormat = TensorFormats.Get(tensor.OldType);
            _newFormat = TensorFormats.Get(tensor.NewType);
            _scale = tensor.Source.ReadScale();
            _largest = tensor.NewType is TensorType.F32 or TensorType.BF16 ? float.MaxValue : MaxF16;
            Columns = checked((int)tensor.Source.Columns);
            NewRowBytes = _newFormat.RowBytes(Columns);
        }

        public int Columns { get; }

        public long NewRowBytes { get; }

        /// <summary>Converts rows.</summary>
        public void Convert(long first, int count, Span<byte> destination)
        {
            int sourceBytes = (int)(count * _tensor.Source.RowBytes);
            byte[] source = ArrayPool<byte>.Shared.Rent(sourceBytes);
            float[] weights = ArrayPool<float>.Shared.Rent(count * Columns);
            try
            {
                Span<float> values = weights.AsSpan(0, count * Columns);
                _tensor.Source.ReadRows(first, source.AsSpan(0, sourceBytes));
                _oldFormat.Dequantize(source.AsSpan(0, sourceBytes), values);
                if (_scale != 1)
                {
                    TensorPrimitives.Multiply(values, _scale, values);
                }

                Check(values, first);
                Quantize(values, first, count, destination);
            }
            finally
            {
                ArrayPool<float>.Shared.Return(weights);
                ArrayPool<byte>.Shared.Return(source);
            }
        }

        /// <summary>Quantizes rows; those of each expert with its own importance.</summary>
        private void Quantize(ReadOnlySpan<float> values, long first, int count, Span<byte> destination)
        {
            long matrixRows = _importance.IsEmpty ? long.MaxValue : _tensor.Source.Dimensions[1];
            for (int row = 0; row < count;)
            {
                (long matrix, long place) = Math.DivRem(first + row, matrixRows);
                int together = (int)Math.Min(count - row, matrixRows - place);
                ReadOnlySpan<float> importance = _importance.IsEmpty
                    ? default
                    : _importance.Span.Slice((int)matrix * Columns, Columns);
                _newFormat.QuantizeRows(
                    values.Slice(row * Columns, together * Columns),
                    Columns,
                    importance,
                    destination.Slice((int)(row * NewRowBytes), (int)(together * NewRowBytes)));
                row += together;
            }
        }

        private void Check(ReadOnlySpan<float> values, long first)
        {
            if (MathF.Abs(TensorPrimitives.MaxMagnitude(values)) <= _largest)
            {
                return;
            }

            int bad = 0;
            while (MathF.Abs(values[bad]) <= _largest)
            {
                bad++;
            }

            throw new ModelFormatException(
                _tensor.Source.Part.Path,
                _tensor.Source.FileOffset + ((first + (bad / Columns)) * _tensor.Source.RowBytes),
                FormattableString.Invariant($"tensor '{_tensor.Name}': found the weight {values[bad]} in row {first + (bad / Columns)}, ")
                + FormattableString.Invariant($"expected at most {_largest} for {_tensor.NewType}"));
        }
    }
}
