using System;
using System.IO;
using EdgeRuntime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a file that is open for reading at any offset, or views the first bytes of a file that is not here yet. It is thread-safe. If the
/// file has been truncated, reading throws an <see cref="IOException"/>. Copying from the page cache is also several times faster than
/// faulting pages into a mapping.
/// </summary>
internal sealed class ReadableFile : IDisposable
{
    private readonly string _path;
    private readonly ReadOnlyMemory<byte>? _start;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file cannot be read, or it is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public ReadableFile(string path)
    {
        _path = path;
        Handle = RegularFile.OpenHandle(path, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        try
        {
            ByteLength = RandomAccess.GetLength(Handle);
            Identity = FileIdentity.Of(Handle, ByteLength);
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads from the first bytes of a file.</summary>
    /// <param name="path">The name of the file for messages.</param>
    /// <param name="start">The first bytes. The caller keeps them unchanged.</param>
    /// <param name="byteLength">The length of the whole file in bytes.</param>
    public ReadableFile(string path, ReadOnlyMemory<byte> start, long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(byteLength, start.Length);
        _path = path;
        _start = start;
        Handle = new SafeFileHandle();
        ByteLength = byteLength;
    }

    /// <summary>Gets whether only the first bytes of the file are here.</summary>
    public bool IsStart => _start is { } start && start.Length < ByteLength;

    /// <summary>Gets the length of the file in bytes at the time of opening.</summary>
    public long ByteLength { get; }

    /// <summary>Gets the number of bytes that can be read: all, or the first ones.</summary>
    public long AvailableLength => _start?.Length ?? ByteLength;

    /// <summary>Gets the identity of the file at the time of opening.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Gets the handle of the open file, which is invalid for the first bytes of a file. This object owns it.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Fills a buffer with the bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="IOException">The file cannot be read, or it ends before the buffer is full.</exception>
    /// <exception cref="EndOfStreamException">Only the first bytes of the file are here, and fewer than the call needs.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        if (_start is { } start)
        {
            if (offset > start.Length - buffer.Length)
            {
                throw new EndOfStreamException($"{_path}: only the first {start.Length} bytes are here");
            }

            start.Span.Slice((int)offset, buffer.Length).CopyTo(buffer);
            return;
        }

        while (!buffer.IsEmpty)
        {
            int count = RandomAccess.Read(Handle, buffer, offset);
            if (count == 0)
            {
                throw BecameShorter();
            }

            offset += count;
            buffer = buffer[count..];
        }
    }

    /// <summary>Reads bytes into new memory; see <see cref="Read"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    /// <inheritdoc cref="Read" path="/exception"/>
    public byte[] ReadBytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(count);
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>Creates the exception for a file that is shorter than at the time of opening.</summary>
    public IOException BecameShorter() => new($"{_path}: became shorter while it was being read");

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
