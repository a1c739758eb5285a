using System;
using System.Threading;
using System.Threading.Tasks;
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
    /// <summary>The approximate number of bytes of a part, of which two are in memory.</summary>
    private const int PartBytes = 8 << 20;

    /// <summary>The bytes of a part that is copied. They fit into a core's cache.</summary>
    private const int CopiedPartBytes = 1 << 20;

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
            Copy(tensor.Source);
            return;
        }

        var rows = new TensorRows(tensor.Source, tensor.NewType, importance);
        long partRows = Math.Clamp(PartBytes / rows.NewRowBytes, 1, tensor.Source.Rows);
        for (long row = 0; row < tensor.Source.Rows; row += partRows)
        {
            int count = (int)Math.Min(partRows, tensor.Source.Rows - row);
            Memory<byte> part = NextPart(checked((int)(count * rows.NewRowBytes)));
            rows.Convert(row, count, part, threads, cancellationToken);
            Write(part);
            progress(count * tensor.Source.RowBytes);
        }
    }

    /// <summary>Waits until everything is written.</summary>
    public void Wait() => _writing.GetAwaiter().GetResult();

    /// <summary>Waits until nothing is being written.</summary>
    public void Dispose() => _writing.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);

    private void Copy(GgufTensor source)
    {
        for (long offset = 0; offset < source.ByteLength; offset += CopiedPartBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Memory<byte> part = NextPart((int)Math.Min(CopiedPartBytes, source.ByteLength - offset));
            source.ReadBytes(offset, part.Span);
            Write(part);
            progress(part.Length);
        }
    }

    /// <summary>Writes a part while the next one is computed.</summary>
    private void Write(Memory<byte> part)
    {
        Wait();
        _writing = Task.Run(() => writer.WriteData(part.Span), CancellationToken.None);
    }

    private Memory<byte> NextPart(int bytes)
    {
        _parity ^= 1;
        if (_parts[_parity].Length < bytes)
        {
            _parts[_parity] = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return _parts[_parity].AsMemory(0, bytes);
    }
}
