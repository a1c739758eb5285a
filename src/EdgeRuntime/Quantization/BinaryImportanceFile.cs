using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>
/// Reads importance matrices in llama.cpp's older binary format: the number of entries; for each its name, the number of chunks, the number
/// of values and the values (means times the number of chunks); then the number of chunks of the whole and the name of the text.
/// </summary>
internal ref struct BinaryImportanceFile
{
    /// <summary>The largest accepted length of a file in bytes. The files of the largest published models have some 100 MB.</summary>
    private const int MaxBytes = 1 << 30;

    /// <summary>The size of a chunk, which the format does not tell: the default of the program that wrote such files.</summary>
    private const int ChunkSize = 512;

    /// <summary>The smallest size of an entry in bytes: length 4, name 1, chunks 4, count 4, value 4.</summary>
    private const int MinEntryBytes = 17;

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    private BinaryImportanceFile(string path, ReadOnlySpan<byte> bytes)
    {
        _path = path;
        _bytes = bytes;
    }

    private readonly int Remaining => _bytes.Length - _position;

    /// <exception cref="ModelFormatException">The file is damaged, or it is no importance matrix.</exception>
    /// <exception cref="IOException">The file can't be read, or it is too large.</exception>
    public static ImportanceMatrix Read(string path) =>
        new BinaryImportanceFile(path, RegularFile.ReadBytes(path, MaxBytes)).ReadMatrix();

    private ImportanceMatrix ReadMatrix()
    {
        int entries = ReadCount("the number of entries", 1, Remaining / MinEntryBytes);
        var sums = new SortedDictionary<string, ImportanceSums>(StringComparer.Ordinal);
        for (int entry = 0; entry < entries; entry++)
        {
            int start = _position;
            string name = ReadName(ReadCount("the length of a name", 1, GgufLimits.MaxTensorNameBytes));
            if (!sums.TryAdd(name, ReadSums(name)))
            {
                throw Error(start, $"entry {GgufText.Quote(name)}: found twice, expected once");
            }
        }

        // Files of the first versions end here.
        int chunks = Remaining > 0 ? ReadCount("the number of chunks", 0, int.MaxValue) : 0;
        int length = Remaining > 0 ? ReadCount("the length of the text's name", 0, Remaining) : 0;
        string[] datasets = length > 0 ? [ReadName(length)] : [];
        return new ImportanceMatrix(ChunkSize, sums, datasets) { ChunkCount = chunks };
    }

    private ImportanceSums ReadSums(string name)
    {
        int chunks = ReadCount("the number of chunks of an entry", 0, int.MaxValue);
        int count = ReadCount("the number of values of an entry", 1, Remaining / sizeof(float));
        int start = _position;
        float[] values = MemoryMarshal.Cast<byte, float>(Take(count * sizeof(float), "values")).ToArray();
        TensorPrimitives.Multiply(values, ChunkSize, values);
        int invalid = ImportanceFile.IndexOfInvalid(values);
        if (invalid >= 0)
        {
            throw Error(start + (invalid * sizeof(float)), FormattableString.Invariant(
                $"entry {GgufText.Quote(name)}: found {values[invalid]}, expected a finite number of at least 0"));
        }

        // llama.cpp takes the values of an entry without chunks as they are.
        return new ImportanceSums(values, [(long)Math.Max(chunks, 1) * ChunkSize]);
    }

    private string ReadName(int length)
    {
        int start = _position;
        ReadOnlySpan<byte> bytes = Take(length, "a name");
        return GgufText.DecodeName(bytes) ?? throw Error(start, $"found the name {GgufText.Quote(bytes)}, expected UTF-8");
    }

    private int ReadCount(string what, int least, int most)
    {
        int start = _position;
        int count = BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int), what));
        return count >= least && count <= most ? count : throw Error(start, $"{what}: found {count}, expected {least} to {most}");
    }

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Remaining)
        {
            throw Error(_position, $"{what}: found the end of the file after {Remaining} bytes, expected {count}");
        }

        ReadOnlySpan<byte> bytes = _bytes.Slice(_position, count);
        _position += count;
        return bytes;
    }

    private readonly ModelFormatException Error(int offset, string problem) =>
        new(_path, offset, $"{problem}; this is no importance matrix, or a damaged one; {ImportanceFile.Remedy}");
}
