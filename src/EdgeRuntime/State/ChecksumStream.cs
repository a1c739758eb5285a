using System;
using System.Buffers.Binary;
using System.IO;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>
/// Passes bytes to or from another stream and keeps a checksum over the calls: reads must have the sizes of the writes. Does not own the
/// other stream.
/// </summary>
internal sealed class ChecksumStream(Stream inner) : Stream
{
    private ulong _sum;

    /// <inheritdoc/>
    public override bool CanRead => inner.CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => inner.CanWrite;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Fills the buffer, or as much of it as the stream has bytes for.</summary>
    public override int Read(Span<byte> buffer)
    {
        int count = inner.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        Add(buffer[..count]);
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        Add(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Writes the checksum of all bytes so far.</summary>
    public void WriteChecksum()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _sum);
        inner.Write(bytes);
    }

    /// <summary>Reads a checksum and compares it with that of all bytes so far.</summary>
    /// <exception cref="InvalidDataException">They differ.</exception>
    /// <exception cref="EndOfStreamException">There is none.</exception>
    public void RequireChecksum()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        inner.ReadExactly(bytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != _sum)
        {
            throw new InvalidDataException("saved state: the content is damaged (its checksum differs)");
        }
    }

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0) // a read of nothing does not come here
        {
            _sum = Checksum.Combine([_sum, Checksum.Compute(bytes)]);
        }
    }
}
