using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Memory;

/// <summary>
/// Owns one block of zeroed native memory, aligned to 64 bytes. Views of it (pointers, spans) own nothing and are
/// valid until <see cref="Dispose"/>. Large blocks come as zero pages from the system, which cost no memory until they are
/// written.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
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

    public byte* Pointer => _pointer is null ? throw new ObjectDisposedException(nameof(NativeBuffer)) : _pointer;

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
}
