using System;
using System.IO;
using EdgeRuntime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a file that is open for reading at any place, from many threads. A file that becomes shorter while it is open is an
/// <see cref="IOException"/>; copying out of the system's cache is also several times faster than bringing its pages into a mapping.
/// </summary>
internal sealed class ReadableFile : IDisposable
{
    private readonly string _path;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file can't be read, or is a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
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

    /// <summary>Bytes of the file when it was opened.</summary>
    public long ByteLength { get; }

    /// <summary>What the system said about the file when it was opened.</summary>
    public FileIdentity Identity { get; }

    /// <summary>The open file; this object owns it.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Fills a buffer from <paramref name="offset"/> on.</summary>
    /// <exception cref="IOException">The file can't be read, or ends before the buffer is full.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
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

    /// <summary>Some bytes of the file, as <see cref="Read"/> gives them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
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

    /// <summary>The error for a file that is shorter than it was when it was opened.</summary>
    public IOException BecameShorter() => new($"{_path}: became shorter while it was being read");

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
