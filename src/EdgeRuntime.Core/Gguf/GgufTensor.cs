using System;
using System.Buffers.Binary;
using EdgeRuntime.Formats;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>Represents a tensor of a file: its name, shape, type and bytes. The file owns the bytes.</summary>
public sealed class GgufTensor
{
    private readonly ReadableFile _file;
    private readonly long[] _dimensions;

    /// <param name="file">The open file with the bytes.</param>
    /// <param name="part">The description of the file.</param>
    /// <param name="info">The validated description of the tensor.</param>
    internal GgufTensor(ReadableFile file, GgufPart part, GgufTensorInfo info)
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

    /// <summary>Gets the name, for example <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Gets the type, which may have no kernels.</summary>
    public TensorType Type { get; }

    /// <summary>Gets the dimensions ne[0..3] as in the file, innermost first. Missing dimensions are 1. ne[0] is the row length.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>Gets the dimensions without those of size 1 at the end; at least one.</summary>
    internal ReadOnlySpan<long> UsedDimensions => _dimensions.AsSpan(0, Math.Max(1, _dimensions.AsSpan().LastIndexOfAnyExcept(1) + 1));

    /// <summary>Gets the number of elements per row, ne[0]; a multiple of the block size.</summary>
    public long Columns => _dimensions[0];

    /// <summary>Gets the number of rows: the product of the other dimensions.</summary>
    public long Rows { get; }

    /// <summary>Gets the number of bytes of all rows, plus the trailing scale of types that have one per tensor.</summary>
    public long ByteLength { get; }

    /// <summary>Gets the number of bytes per row; at most 2 GiB.</summary>
    public long RowBytes { get; }

    /// <summary>Gets the file that contains the tensor.</summary>
    public GgufPart Part { get; }

    /// <summary>Gets the byte offset of the first row in that file.</summary>
    public long FileOffset { get; }

    /// <summary>Gets whether the values are here, and not only the header of the file (<see cref="GgufFile.OpenHeaders"/>).</summary>
    internal bool HasValues => !_file.IsStart;

    /// <summary>Reads <paramref name="count"/> rows, starting with <paramref name="row"/>, into new memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not inside the tensor, or they exceed 2 GiB.</exception>
    /// <exception cref="System.IO.IOException">The file cannot be read any more.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public ReadOnlySpan<byte> GetRows(long row, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, Rows - count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count * RowBytes, Array.MaxLength, nameof(count));
        return _file.ReadBytes(FileOffset + row * RowBytes, (int)(count * RowBytes));
    }

    /// <summary>
    /// Reads the scale of the whole tensor. It is 1 for all types except I2_S, which stores it after the rows, and for tensors without
    /// values here.
    /// </summary>
    /// <exception cref="ModelFormatException">The scale is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    internal float ReadScale()
    {
        if (Type != TensorType.I2_S || !HasValues)
        {
            return 1;
        }

        long offset = FileOffset + (Rows * RowBytes);
        float scale = BinaryPrimitives.ReadSingleLittleEndian(_file.ReadBytes(offset, sizeof(float)));
        return float.IsFinite(scale)
            ? scale
            : throw new ModelFormatException(
                Part.Path,
                offset,
                FormattableString.Invariant(
                    $"tensor {GgufText.Quote(Name)}: found the scale {scale}, expected a finite number; {GgufCursor.Remedy}"));
    }

    /// <summary>Reads rows into a buffer, starting with <paramref name="row"/>.</summary>
    /// <param name="row">The index of the first row.</param>
    /// <param name="buffer">Receives whole rows.</param>
    /// <exception cref="ArgumentException">The buffer length is not a multiple of the row length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not inside the tensor.</exception>
    /// <exception cref="System.IO.IOException">The file cannot be read any more.</exception>
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

    /// <summary>Reads a part of <see cref="ByteLength"/> bytes.</summary>
    /// <exception cref="System.IO.IOException">The file cannot be read any more.</exception>
    internal void ReadBytes(long offset, Span<byte> buffer) => _file.Read(FileOffset + offset, buffer);
}
