using System;
using System.Collections.Generic;

namespace EdgeRuntime.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3), checked and memory-mapped; several files where the model is split. Owns the mapping: spans
/// that its tensors give out are valid until <see cref="Dispose"/>. Reading is safe from many threads.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private GgufFile() => throw new NotImplementedException();

    /// <summary>Opens and checks a file; the other parts of a split model are found beside it.</summary>
    /// <exception cref="ModelFormatException">The file breaks the format.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    public static GgufFile Open(string path) => throw new NotImplementedException(path);

    /// <summary>As given to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Bytes of all files.</summary>
    public long ByteLength { get; }

    /// <summary>Keys and values, in the file's order.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Tensors of all parts, in the files' order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>The tensor of that name, or null.</summary>
    public GgufTensor? FindTensor(string name) => throw new NotImplementedException(name);

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
