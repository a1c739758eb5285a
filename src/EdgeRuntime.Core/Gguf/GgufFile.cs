using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Represents a validated GGUF file (version 2 or 3) that is open for reading, or all files of a split model. Reading is thread-safe.
/// </summary>
/// <remarks>
/// All offsets are checked against the lengths that the files have when they are opened. The files are not mapped: reading from a file that
/// has been truncated since then throws an <see cref="IOException"/>. To replace a model in use, rename a new file over it.
/// </remarks>
/// <example>
/// <code>
/// using GgufFile file = GgufFile.Open("model.gguf");
/// Console.WriteLine(file.Metadata.GetString("general.architecture"));
/// foreach (GgufTensor tensor in file.Tensors)
/// {
///     Console.WriteLine($"{tensor.Name}: {tensor.Type}, {tensor.Rows} x {tensor.Columns}");
/// }
/// </code>
/// </example>
public sealed class GgufFile : IDisposable
{
    /// <summary>The largest number of files of a split model.</summary>
    public const int MaxParts = GgufLimits.MaxParts;

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

    /// <summary>Gets the path that was passed to <see cref="Open"/>, or the name of the first header.</summary>
    public string Path { get; }

    /// <summary>Gets the GGUF version, 2 or 3.</summary>
    public uint Version => Parts[0].Version;

    /// <summary>Gets the total length of all files in bytes.</summary>
    public long ByteLength => Parts.Sum(static part => part.ByteLength);

    /// <summary>Gets the files in the order of the model; one file if the model is not split.</summary>
    public IReadOnlyList<GgufPart> Parts { get; }

    /// <summary>
    /// Gets whether all parts of the model are open. A part whose other parts are missing can be opened alone for inspection;
    /// <see cref="RequireComplete"/> throws the reason.
    /// </summary>
    public bool IsComplete => _incomplete is null;

    /// <summary>Gets the metadata of the first part, in file order.</summary>
    public GgufMetadata Metadata => _parts[0].Metadata;

    /// <summary>Gets the tensors of all parts, in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Gets whether the first bytes of a file are the GGUF signature.</summary>
    public static bool IsGguf(ReadOnlySpan<byte> start) => start.StartsWith("GGUF"u8);

    /// <summary>Opens and validates a file. If it is any part of a split model, the other parts are opened from the same folder.</summary>
    /// <exception cref="ModelFormatException">The file or another part violates the format, or the parts contradict each other.</exception>
    /// <exception cref="IOException">The file cannot be read, or it is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
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

    /// <summary>
    /// Opens the headers of the files of a model whose tensor data are not here yet, for inspection. Metadata can be read and tensors have
    /// their types, shapes and offsets; to read the values of a tensor throws an <see cref="EndOfStreamException"/>.
    /// </summary>
    /// <param name="headers">The header of each file of the model, in order: one, if the model is not split.</param>
    /// <exception cref="EndOfStreamException">The first bytes of a file do not hold its whole header.</exception>
    /// <exception cref="ModelFormatException">A file violates the format, or the parts contradict each other.</exception>
    public static GgufFile OpenHeaders(params IReadOnlyList<GgufHeader> headers)
    {
        ArgumentOutOfRangeException.ThrowIfZero(headers.Count);
        List<GgufPartReader> parts = [.. headers.Select(static header =>
            new GgufPartReader(header.Path, new ReadableFile(header.Path, header.Start, header.ByteLength)))];
        return new GgufFile(headers[0].Path, parts, GgufSplit.CheckParts(parts));
    }

    /// <summary>Gets the open files of all parts. This object owns them.</summary>
    internal IReadOnlyList<ReadableFile> Files => _parts.ConvertAll(static part => part.File);

    /// <summary>Gets whether a path leads to one of the open files.</summary>
    internal bool IsPart(string path) => Parts.Any(part => FileStatus.IsSameFile(part.Path, path));

    /// <summary>Finds a tensor by name; null if there is none.</summary>
    public GgufTensor? FindTensor(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Throws if the model is not complete (<see cref="IsComplete"/>).</summary>
    /// <exception cref="ModelFormatException">Parts of a split model are missing or cannot be found from the name of this file.</exception>
    public void RequireComplete()
    {
        if (_incomplete is not null)
        {
            throw new ModelFormatException(_incomplete.Path, _incomplete.Offset, _incomplete.What);
        }
    }

    /// <summary>
    /// Gives a tensor another type and other values, for readers of this object; the file stays as it is. To be called before anything
    /// reads the tensor.
    /// </summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="type">The new type, which has no data beside the rows.</param>
    /// <param name="rows">The bytes of all rows. The caller keeps them unchanged.</param>
    internal void Replace(GgufTensor tensor, TensorType type, ReadOnlyMemory<byte> rows)
    {
        var info = new GgufTensorInfo(tensor.Name, tensor.Dimensions.ToArray(), type, rows.Length / tensor.Rows, tensor.Rows, 0);
        var memory = new ReadableFile(tensor.Part.Path, rows, rows.Length);
        var replacement = new GgufTensor(memory, tensor.Part with { DataOffset = 0 }, info);
        _tensors[_tensors.IndexOf(tensor)] = replacement;
        _byName[tensor.Name] = replacement;
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.ForEach(static part => part.Dispose());
}
