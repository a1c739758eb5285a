using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a file that is open for reading, and a mapping of all of it. Pointers into it own nothing and are valid until
/// <see cref="Dispose"/>. The length is that of the moment of opening: whoever shortens the file afterwards takes pages away from under
/// the mapping, and touching one of these ends the process (SIGBUS on Linux); no reader of a mapping can defend against that. So it is for
/// files that this program writes itself, once; all others are read (<see cref="ReadableFile"/>).
/// </summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int PopulateRead = 22; // MADV_POPULATE_READ

    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    /// <summary>Maps the file.</summary>
    /// <exception cref="IOException">The file can't be read, or is a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public MappedFile(string path)
    {
        Source = new ReadableFile(path);
        try
        {
            if (Source.ByteLength == 0)
            {
                return; // No system maps an empty file.
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

    /// <summary>The file, for reading what is used once. A view: the mapping owns it.</summary>
    public ReadableFile Source { get; }

    /// <summary>A view of <paramref name="count"/> bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public byte* GetPointer(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Source.ByteLength - count);
        return _start + offset;
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
            _ = madvise(_start, (nuint)Source.ByteLength, PopulateRead); // advice: after a refusal pages come as they do elsewhere
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
