using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a file that is open for reading and a mapping of the whole file. Pointers into it own nothing and are valid until
/// <see cref="Dispose"/>. The length is fixed at opening. If the file is truncated later, access to a missing page kills the process
/// (SIGBUS on Linux), and a reader of a mapping cannot prevent that. Use it only for files that this program writes itself, once; read all
/// others through <see cref="ReadableFile"/>.
/// </summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int PopulateRead = 22; // MADV_POPULATE_READ

    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    /// <summary>Maps the file.</summary>
    /// <exception cref="IOException">The file cannot be read, or it is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public MappedFile(string path)
    {
        Source = new ReadableFile(path);
        try
        {
            if (Source.ByteLength == 0)
            {
                return; // An empty file cannot be mapped.
            }

            _mapping = MemoryMappedFile.CreateFromFile(
                Source.Handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            if (_view.Capacity < Source.ByteLength)
            {
                throw Source.BecameShorter();
            }

            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _mapping?.Dispose();
            Source.Dispose();
            throw;
        }
    }

    ~MappedFile() => Release();

    /// <summary>Gets the open file, for data that is read once. This object owns it.</summary>
    public ReadableFile Source { get; }

    /// <summary>Gets a pointer to <paramref name="count"/> bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is disposed.</exception>
    public byte* GetPointer(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Source.ByteLength - count);
        return _start + offset;
    }

    /// <summary>
    /// Maps all pages at once (Linux 5.14 and later). Without it, each page is mapped on first access, with a page fault for every few
    /// pages. Use it for data that is read repeatedly and soon.
    /// </summary>
    public void Populate()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_start is not null && OperatingSystem.IsLinux())
        {
            _ = madvise(_start, (nuint)Source.ByteLength, PopulateRead); // advice only: if it fails, pages are mapped on first access
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
            Source.Dispose();
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Releases the pointer; the handle of the view does not unmap before that.</summary>
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
