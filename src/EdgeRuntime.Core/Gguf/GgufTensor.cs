using System;
using System.Buffers.Binary;
using EdgeRuntime.Formats;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>A tensor of a file: name, shape, type and bytes. A view: the file owns the bytes.</summary>
public sealed class GgufTensor
{
    private readonly MappedFile _file;
    private readonly long[] _dimensions;

    /// <param name="file">Holds the bytes.</param>
    /// <param name="part">The file, described.</param>
    /// <param name="info">Checked against the file.</param>
    internal GgufTensor(MappedFile file, GgufPart part, GgufTensorInfo info)
    {
        _file = file;
        _dimensions = info.Dimensions;
        Part = part;
        Name = info.Name;
        Type = info.Type;
        Rows = info.Rows;
        RowBytes = info.RowBytes;
        ByteLength = info.ByteLength;
        FileOffset = part.DataOffset + info.DataOffset;
    }

    /// <summary>For example <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Tensor type; there need not be kernels for it.</summary>
    public TensorType Type { get; }

    /// <summary>ne[0..3] as in the file, innermost first, missing ones 1; all positive. ne[0] is the row length.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>Elements of one row, ne[0]; a multiple of the type's block.</summary>
    public long Columns => _dimensions[0];

    /// <summary>Product of all other dimensions.</summary>
    public long Rows { get; }

    /// <summary>Bytes of all rows, and of the scale that follows them in a type that has one for all rows.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes of one row; at most 2 GiB.</summary>
    public long RowBytes { get; }

    /// <summary>The file that holds the tensor.</summary>
    public GgufPart Part { get; }

    /// <summary>Byte offset of the first row in that file.</summary>
    public long FileOffset { get; }

    /// <summary>The bytes of <paramref name="count"/> rows from <paramref name="row"/> on; valid until the file is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the tensor, or more than 2 GiB at once.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public ReadOnlySpan<byte> GetRows(long row, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, Rows - count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count * RowBytes, int.MaxValue, nameof(count));
        return _file.GetSpan(FileOffset + row * RowBytes, (int)(count * RowBytes));
    }

    /// <summary>Reads the factor of all weights, beside the scales of blocks: 1 but for I2_S, which keeps it behind the rows.</summary>
    /// <exception cref="ModelFormatException">The factor is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public float ReadScale()
    {
        if (Type != TensorType.I2_S)
        {
            return 1;
        }

        long offset = FileOffset + (Rows * RowBytes);
        float scale = BinaryPrimitives.ReadSingleLittleEndian(_file.GetSpan(offset, sizeof(float)));
        return float.IsFinite(scale)
            ? scale
            : throw new ModelFormatException(
                Part.Path,
                offset,
                FormattableString.Invariant(
                    $"tensor {GgufText.Quote(Name)}: found the scale {scale}, expected a finite number; {GgufCursor.GetAgain}"));
    }

    /// <summary>
    /// Copies the bytes of rows from <paramref name="row"/> on; for what is read once, much faster than <see cref="GetRows"/>.
    /// </summary>
    /// <param name="row">The first row.</param>
    /// <param name="buffer">Whole rows.</param>
    /// <exception cref="ArgumentException">No whole rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the tensor.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public void ReadRows(long row, Span<byte> buffer)
    {
        (long count, long rest) = Math.DivRem(buffer.Length, RowBytes);
        if (rest != 0)
        {
            throw new ArgumentException($"{buffer.Length} bytes are no whole rows of {RowBytes}", nameof(buffer));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, Rows - count);
        _file.Read(FileOffset + (row * RowBytes), buffer);
    }
}
