using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns one block of zeroed native memory, aligned to 64 bytes. Views of it (pointers, spans) own nothing and are
/// valid until <see cref="Dispose"/>. Large blocks come as zero pages from the system, which cost no memory until they are
/// written.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    public const int Alignment = 64;

    private void* _block;
    private byte* _pointer;

    /// <param name="byteLength">Size in bytes; 0 is allowed.</param>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public NativeBuffer(long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteLength);
        ByteLength = byteLength;
        // calloc leaves fresh pages untouched; the aligned allocator has no such twin, so the alignment is made here.
        _block = NativeMemory.AllocZeroed(checked((nuint)byteLength + Alignment));
        _pointer = (byte*)(((nuint)_block + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure(Math.Max(byteLength, Alignment));
    }

    ~NativeBuffer() => Free();

    public long ByteLength { get; }

    /// <summary>So many bytes, or as few more as make a multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    public byte* Pointer => _pointer is null ? throw new ObjectDisposedException(nameof(NativeBuffer)) : _pointer;

    /// <summary>
    /// Asks for large pages where the system gives them on request (Linux: 2 MB): reading memory in order is markedly faster
    /// with them. For memory that is written from one end to the other; scattered writes would take 2 MB each. Best effort.
    /// </summary>
    public void PreferLargePages()
    {
        const nuint LargePage = 2 << 20;
        const int AdviseHugePages = 14; // MADV_HUGEPAGE
        nuint first = ((nuint)Pointer + LargePage - 1) & ~(LargePage - 1);
        nuint end = ((nuint)Pointer + (nuint)ByteLength) & ~(LargePage - 1);
        if (OperatingSystem.IsLinux() && end > first)
        {
            _ = madvise((void*)first, end - first, AdviseHugePages);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is not null)
        {
            NativeMemory.Free(_block);
            _block = null;
            _pointer = null;
            GC.RemoveMemoryPressure(Math.Max(ByteLength, Alignment));
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
