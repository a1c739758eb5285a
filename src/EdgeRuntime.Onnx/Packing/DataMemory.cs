using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Keeps the data of a model in native memory instead of a file.</summary>
/// <param name="length">The number of bytes.</param>
internal sealed unsafe class DataMemory(long length) : IDataTarget, IDisposable
{
    private readonly NativeBuffer _buffer = new(length);

    /// <inheritdoc/>
    public void Write<T>(long offset, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _buffer.ByteLength - bytes.Length);
        bytes.CopyTo(new Span<byte>(_buffer.Pointer + offset, bytes.Length));
    }

    /// <summary>Gets the address of a range, valid until this object is disposed.</summary>
    public IntPtr AddressOf(DataRange range) => (IntPtr)(_buffer.Pointer + range.Offset);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
