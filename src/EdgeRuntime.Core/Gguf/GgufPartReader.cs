using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Reads and validates one file: the header, the metadata, the tensor descriptions and the placement of the tensor data.
/// Source: llama.cpp, documentation of the GGUF format and gguf.cpp. This reader is stricter where a violation is surely an error: names
/// must be UTF-8 without control characters, tensors must have elements and must not overlap, bools must be 0 or 1.
/// </summary>
internal sealed class GgufPartReader : IDisposable
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const uint SwappedMagic = 0x47475546;

    /// <summary>The key of the alignment of tensors.</summary>
    public const string AlignmentKey = "general.alignment";

    /// <summary>Opens and validates the file.</summary>
    /// <exception cref="ModelFormatException">The file violates the format.</exception>
    /// <exception cref="IOException">The file cannot be read, or it is a pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public GgufPartReader(string path)
        : this(path, new ReadableFile(path))
    {
    }

    /// <summary>Validates a file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="file">The open file, which this object owns from now on, also after an exception.</param>
    /// <exception cref="ModelFormatException">The file violates the format.</exception>
    /// <exception cref="EndOfStreamException">Only the first bytes of the file are here, and not all of its header.</exception>
    public GgufPartReader(string path, ReadableFile file)
    {
        File = file;
        try
        {
            if (File.ByteLength == 0)
            {
                throw new ModelFormatException(path, 0, "found an empty file, expected a GGUF model; download or convert it again");
            }

            GgufCursor cursor = new(File, path);
            uint version = ReadVersion(cursor);
            int tensorCount = cursor.ReadCount(GgufLimits.MinTensorInfoBytes, GgufLimits.MaxTensors, "number of tensors");
            int keyCount = cursor.ReadCount(GgufLimits.MinKeyValueBytes, GgufLimits.MaxKeys, "number of keys");
            Metadata = GgufMetadataReader.Read(cursor, keyCount);
            int alignment = ReadAlignment(Metadata);
            List<GgufTensorInfo> infos = GgufTensorInfo.ReadAll(cursor, tensorCount, alignment);

            long dataOffset = tensorCount == 0 ? cursor.Position : (cursor.Position + alignment - 1) / alignment * alignment;
            GgufTensorInfo.CheckPlacement(infos, dataOffset, cursor);
            Part = new GgufPart(path, version, File.ByteLength, alignment, dataOffset, tensorCount);
            Tensors = infos.ConvertAll(info => new GgufTensor(File, Part, info));
        }
        catch
        {
            File.Dispose();
            throw;
        }
    }

    public GgufPart Part { get; }

    public GgufMetadata Metadata { get; }

    public List<GgufTensor> Tensors { get; }

    /// <summary>Gets the open file.</summary>
    public ReadableFile File { get; }

    public void Dispose() => File.Dispose();

    private static uint ReadVersion(GgufCursor cursor)
    {
        uint magic = cursor.ReadUInt32("magic");
        if (magic == SwappedMagic)
        {
            throw cursor.Error(
                0, "found the magic \"GGUF\" with its bytes reversed, expected a little-endian GGUF file; convert the model again");
        }

        if (magic != Magic)
        {
            throw cursor.Error(
                0,
                $"found {GgufText.Quote(BitConverter.GetBytes(magic))}, " +
                $"expected \"GGUF\"; this is no GGUF file, convert the model to GGUF");
        }

        uint version = cursor.ReadUInt32("version");
        if (version is >= GgufLimits.MinVersion and <= GgufLimits.MaxVersion)
        {
            return version;
        }

        // A small big-endian number has zeros in its low half.
        string remedy = version != 0 && (version & 0xFFFF) == 0
            ? "this is a big-endian file, convert it with gguf_convert_endian.py"
            : version > GgufLimits.MaxVersion ? "the file is damaged, or newer than this build" : "convert the model again";
        throw cursor.Error(
            sizeof(uint), $"found version {version}, expected {GgufLimits.MinVersion} or {GgufLimits.MaxVersion}, little-endian; {remedy}");
    }

    private static int ReadAlignment(GgufMetadata metadata)
    {
        if (!metadata.TryGetValue(AlignmentKey, out object? value))
        {
            return GgufLimits.DefaultAlignment;
        }

        if (value is not uint alignment)
        {
            throw metadata.WrongType(AlignmentKey, "UInt32");
        }

        if (alignment is 0 or > GgufLimits.MaxAlignment || (alignment & (alignment - 1)) != 0)
        {
            throw metadata.WrongValue(AlignmentKey, $"{alignment}", $"a power of two up to {GgufLimits.MaxAlignment}");
        }

        return (int)alignment;
    }
}
