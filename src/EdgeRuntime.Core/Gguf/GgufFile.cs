using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3), checked and open for reading; several files where the model is split. Reading is safe from many threads.
/// </summary>
/// <remarks>
/// All places are checked against the length that the files have when they are opened. Nothing is mapped: reading from a file that has
/// become shorter since is an <see cref="System.IO.IOException"/>. Replace a model in use by renaming a new file over it.
/// </remarks>
public sealed class GgufFile : IDisposable
{
    private readonly List<GgufPartReader> _parts;
    private readonly List<GgufTensor> _tensors;
    private readonly Dictionary<string, GgufTensor> _byName;
    private readonly ModelFormatException? _incomplete;

    private GgufFile(string path, List<GgufPartReader> parts, ModelFormatException? incomplete)
    {
        Path = path;
        _parts = parts;
        _incomplete = incomplete;
        Parts = parts.ConvertAll(static part => part.Part);
        _tensors = [.. parts.SelectMany(static part => part.Tensors)];
        _byName = new Dictionary<string, GgufTensor>(_tensors.Count, StringComparer.Ordinal);
        foreach (GgufTensor tensor in _tensors)
        {
            if (!_byName.TryAdd(tensor.Name, tensor))
            {
                throw new ModelFormatException(
                    tensor.Part.Path,
                    -1,
                    $"tensor {GgufText.Quote(tensor.Name)}: found in this part and in {_byName[tensor.Name].Part.Path}, " +
                    $"expected in one; get all parts again");
            }
        }
    }

    /// <summary>As given to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>2 or 3.</summary>
    public uint Version => Parts[0].Version;

    /// <summary>Bytes of all files.</summary>
    public long ByteLength => Parts.Sum(static part => part.ByteLength);

    /// <summary>The files, in the model's order; one where the model is not split.</summary>
    public IReadOnlyList<GgufPart> Parts { get; }

    /// <summary>
    /// Whether all parts of the model are here. A part whose neighbours are missing opens alone, so that it can be looked at;
    /// <see cref="RequireComplete"/> says what is wrong.
    /// </summary>
    public bool IsComplete => _incomplete is null;

    /// <summary>Keys and values of the first part, in the file's order.</summary>
    public GgufMetadata Metadata => _parts[0].Metadata;

    /// <summary>Tensors of all parts, in the files' order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Whether a file that starts with these bytes claims to be a GGUF file.</summary>
    internal static bool IsGguf(ReadOnlySpan<byte> start) => start.StartsWith("GGUF"u8);

    /// <summary>Opens and checks a file; the other parts of a split model are found beside it, whichever of them is named.</summary>
    /// <exception cref="ModelFormatException">The file, or another part, breaks the format, or the parts contradict each other.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read, or is a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("GGUF files are read on little-endian machines only");
        }

        List<GgufPartReader> parts = [new GgufPartReader(path)];
        try
        {
            ModelFormatException? incomplete = GgufSplit.AddOtherParts(parts);
            return new GgufFile(path, parts, incomplete);
        }
        catch
        {
            parts.ForEach(static part => part.Dispose());
            throw;
        }
    }

    /// <summary>The files of all parts. Views: this object owns them.</summary>
    internal IReadOnlyList<ReadableFile> Files => _parts.ConvertAll(static part => part.File);

    /// <summary>The tensor of that name, or null.</summary>
    public GgufTensor? FindTensor(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Does nothing where <see cref="IsComplete"/>.</summary>
    /// <exception cref="ModelFormatException">Parts of a split model are missing, or can't be found from this file's name.</exception>
    public void RequireComplete()
    {
        if (_incomplete is not null)
        {
            throw new ModelFormatException(_incomplete.Path, _incomplete.Offset, _incomplete.What);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.ForEach(static part => part.Dispose());
}
