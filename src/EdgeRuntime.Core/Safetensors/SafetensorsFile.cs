using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Json;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Safetensors;

/// <summary>
/// Represents a validated Safetensors file that is open for reading: 8 bytes with the length of a JSON header, the header, and the bytes of
/// the tensors. Everything that the header says is checked against the length of the file. Reading is thread-safe.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>The largest accepted header in bytes, which is the limit of the format's own library.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);
    private const int MaxDimensions = 8;
    private const int MaxNameLength = 512;

    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    private readonly ReadableFile _file;

    /// <summary>Opens and validates a file.</summary>
    /// <exception cref="ModelFormatException">The file violates the format.</exception>
    /// <exception cref="UnsupportedModelException">A tensor has a type that is not read.</exception>
    /// <exception cref="IOException">The file cannot be read, or it is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public SafetensorsFile(string path)
    {
        Path = path;
        _file = new ReadableFile(path);
        try
        {
            int headerBytes = ReadHeaderLength();
            Tensors = ReadTensors(ReadHeader(headerBytes), LengthBytes + headerBytes);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Gets the path of the file.</summary>
    public string Path { get; }

    /// <summary>Gets the tensors, sorted by name.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private int ReadHeaderLength()
    {
        if (_file.ByteLength < LengthBytes)
        {
            throw new ModelFormatException(Path, 0, $"found {_file.ByteLength} bytes, expected a Safetensors file; get it again");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(_file.ReadBytes(0, LengthBytes));
        if (length > (ulong)(_file.ByteLength - LengthBytes))
        {
            throw new ModelFormatException(
                Path, 0, $"found a header of {length} bytes in a file of {_file.ByteLength}; it is no Safetensors file, or it is cut off");
        }

        return length <= MaxHeaderBytes
            ? (int)length
            : throw new ModelFormatException(Path, 0, $"found a header of {length} bytes, expected at most {MaxHeaderBytes}");
    }

    private JsonField ReadHeader(int bytes)
    {
        try
        {
            return JsonField.Of(Path, JsonDocument.Parse(_file.ReadBytes(LengthBytes, bytes), StrictJson).RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(Path, LengthBytes, $"the header is not valid JSON: {Printable.Shorten(error.Message)}");
        }
    }

    private List<SafetensorsTensor> ReadTensors(JsonField header, long dataStart)
    {
        var ranges = new List<(long Begin, long End, string Name)>();
        var tensors = new List<SafetensorsTensor>();
        foreach ((string name, JsonField entry) in header.Members())
        {
            if (name == "__metadata__")
            {
                continue;
            }

            if (name.Length is 0 or > MaxNameLength)
            {
                throw new ModelFormatException(Path, -1, $"found a tensor name of {name.Length} characters, expected 1 to {MaxNameLength}");
            }

            SafetensorsTensor tensor = ReadTensor(name, entry, dataStart, out long begin, out long end);
            tensors.Add(tensor);
            ranges.Add((begin, end, name));
        }

        CheckOverlaps(ranges);
        tensors.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return tensors;
    }

    private SafetensorsTensor ReadTensor(string name, JsonField entry, long dataStart, out long begin, out long end)
    {
        string typeName = entry["dtype"].GetText();
        (SafetensorsType type, int bytes) = SafetensorsTypes.Find(typeName) ?? throw new UnsupportedModelException(
            $"{Path}: tensor \"{Printable.Shorten(name)}\" has the type {Printable.Shorten(typeName)}; types that are read: "
            + SafetensorsTypes.Names);
        JsonField dimensions = entry["shape"];
        if (dimensions.Kind != JsonValueKind.Array || dimensions.Count > MaxDimensions)
        {
            throw dimensions.Wrong($"an array of at most {MaxDimensions} dimensions");
        }

        long length = bytes;
        var shape = new long[dimensions.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = dimensions[i].GetInteger();
            bool fits = shape[i] > 0 && length <= _file.ByteLength / shape[i];
            length = fits ? length * shape[i] : throw dimensions.Wrong($"dimensions above 0 of a tensor in {_file.ByteLength} bytes");
        }

        JsonField offsets = entry["data_offsets"];
        (begin, end) = offsets.Count == 2 ? (offsets[0].GetInteger(), offsets[1].GetInteger()) : throw offsets.Wrong("two numbers");
        if (begin < 0 || end < begin || end > _file.ByteLength - dataStart || end - begin != length)
        {
            throw new ModelFormatException(
                Path,
                -1,
                $"tensor \"{Printable.Shorten(name)}\": found the bytes {begin} to {end}, expected {length} bytes inside the "
                + $"{_file.ByteLength - dataStart} of the data; the file is damaged or cut off");
        }

        return new SafetensorsTensor(_file, Path, name, type, bytes, shape, dataStart + begin);
    }

    private void CheckOverlaps(List<(long Begin, long End, string Name)> ranges)
    {
        ranges.Sort();
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Begin < ranges[i - 1].End)
            {
                throw new ModelFormatException(
                    Path,
                    -1,
                    $"tensors \"{Printable.Shorten(ranges[i - 1].Name)}\" and \"{Printable.Shorten(ranges[i].Name)}\" share bytes; the "
                    + "file is damaged");
            }
        }
    }
}
