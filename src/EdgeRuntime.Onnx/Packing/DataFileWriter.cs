using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Writes the data file of a model at any place. Owns the open file.</summary>
internal sealed class DataFileWriter : IDataTarget, IDisposable
{
    private readonly SafeFileHandle _file;

    /// <param name="path">A new file.</param>
    /// <param name="length">Its length, so that a disk with less space fails at once.</param>
    /// <exception cref="IOException">The file cannot be created, or it has no room.</exception>
    public DataFileWriter(string path, long length) =>
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, FileOptions.None, length);

    /// <inheritdoc/>
    public void Write<T>(long offset, ReadOnlySpan<T> values)
        where T : unmanaged => RandomAccess.Write(_file, MemoryMarshal.AsBytes(values), offset);

    /// <summary>Writes everything to disk.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    public void Dispose() => _file.Dispose();
}
