using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns a block of zeroed native memory, aligned to 64 bytes. Pointers and spans into it own nothing and are valid until
/// <see cref="Dispose"/>. Large blocks are zero pages of the system, which use no memory until they are written.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    public const int Alignment = 64;

    private void* _block;
    private byte* _pointer;

    /// <param name="byteLength">The size in bytes; 0 is allowed.</param>
    /// <exception cref="OutOfMemoryException">The system cannot allocate the block.</exception>
    public NativeBuffer(long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteLength);
        ByteLength = byteLength;
        // calloc leaves fresh pages untouched. There is no aligned calloc, so allocate more and align here.
        _block = NativeMemory.AllocZeroed(checked((nuint)byteLength + Alignment));
        _pointer = (byte*)(((nuint)_block + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure(Math.Max(byteLength, Alignment));
    }

    ~NativeBuffer() => Free();

    public long ByteLength { get; }

    /// <summary>Rounds up to a multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    public byte* Pointer => _pointer is null ? throw new ObjectDisposedException(nameof(NativeBuffer)) : _pointer;

    /// <summary>
    /// Requests huge pages (Linux: 2 MB), which make sequential reads markedly faster. Use it for memory that is written from start to end;
    /// scattered writes would take 2 MB each. Best effort.
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
