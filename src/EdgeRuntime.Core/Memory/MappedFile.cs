using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using EdgeRuntime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a file that is open for reading, and a mapping of all of it. Spans of it own nothing and are valid until <see cref="Dispose"/>.
/// The length is that of the moment of opening: whoever shortens the file afterwards takes pages away from under the mapping, and
/// touching one of these ends the process (SIGBUS on Linux); no reader of a mapping can defend against that.
/// </summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int PopulateRead = 22; // MADV_POPULATE_READ

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    /// <summary>Maps the file.</summary>
    /// <exception cref="IOException">The file can't be read, or is a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public MappedFile(string path)
    {
        _path = path;
        _handle = RegularFile.OpenHandle(path, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        try
        {
            ByteLength = RandomAccess.GetLength(_handle);
            Identity = FileIdentity.Of(_handle, ByteLength);
            if (ByteLength == 0)
            {
                return; // No system maps an empty file.
            }

            _mapping = MemoryMappedFile.CreateFromFile(
                _handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            if (_view.Capacity < ByteLength)
            {
                throw BecameShorter();
            }

            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _mapping?.Dispose();
            _handle.Dispose();
            throw;
        }
    }

    ~MappedFile() => Release();

    /// <summary>Bytes of the file when it was opened.</summary>
    public long ByteLength { get; }

    /// <summary>What the system said about the file when it was opened.</summary>
    public FileIdentity Identity { get; }

    /// <summary>A view of <paramref name="count"/> bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public ReadOnlySpan<byte> GetSpan(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return new ReadOnlySpan<byte>(_start + offset, count);
    }

    /// <summary>As <see cref="GetSpan"/>, for views of more than 2 GiB.</summary>
    public byte* GetPointer(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return _start + offset;
    }

    /// <summary>
    /// Fills a buffer from <paramref name="offset"/> on. For what is used once: copying out of the system's cache is several times faster
    /// than bringing its pages into a mapping, and a file that became shorter is an error here instead of the end of the process.
    /// </summary>
    /// <exception cref="IOException">The file can't be read, or ends before the buffer is full.</exception>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = RandomAccess.Read(_handle, buffer, offset);
            if (count == 0)
            {
                throw BecameShorter();
            }

            offset += count;
            buffer = buffer[count..];
        }
    }

    /// <summary>
    /// Brings all pages into the mapping (Linux 5.14 and later; elsewhere each comes when it is touched, a page fault for every few of them).
    /// For what will be used again and again, and at once.
    /// </summary>
    public void BringIn()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_start is not null && OperatingSystem.IsLinux())
        {
            _ = madvise(_start, (nuint)ByteLength, PopulateRead); // advice: after a refusal pages come as they do elsewhere
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Release();
            _view?.Dispose();
            _mapping?.Dispose();
            _handle.Dispose();
            GC.SuppressFinalize(this);
        }
    }

    private IOException BecameShorter() => new($"{_path}: became shorter while it was being read");

    /// <summary>Gives the pointer back; without that the view's handle never unmaps.</summary>
    private void Release()
    {
        if (_start is not null)
        {
            _start = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(byte* address, nuint length, int advice);
}
