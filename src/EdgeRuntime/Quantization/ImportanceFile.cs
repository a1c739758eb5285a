using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Reads and writes importance matrices in llama.cpp's GGUF format. Source: llama.cpp, tools/imatrix.</summary>
internal static class ImportanceFile
{
    /// <summary>The largest accepted number of rows of activations, 2^62, so that the sum of two counts fits.</summary>
    public const long MaxCount = 1L << 62;

    /// <summary>The advice for a file that is no importance matrix, or a damaged one.</summary>
    public const string Remedy = "make it again with 'imatrix'";

    private const string Type = "imatrix";
    private const string TypeKey = "general.type";
    private const string DatasetsKey = "imatrix.datasets";
    private const string ChunkCountKey = "imatrix.chunk_count";
    private const string ChunkSizeKey = "imatrix.chunk_size";
    private const string UnfinishedRunKey = "edgeruntime.imatrix.unfinished_run";
    private const string SquaresSuffix = ".in_sum2";
    private const string CountsSuffix = ".counts";

    /// <summary>Gets whether the file begins with the signature of GGUF.</summary>
    public static bool IsGguf(string path)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        using FileStream stream = RegularFile.OpenRead(path);
        return GgufFile.IsGguf(start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    /// <exception cref="ModelFormatException">The file is damaged, or it is no importance matrix.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static ImportanceMatrix Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        string type = metadata.GetString(TypeKey, "model");
        if (type != Type)
        {
            throw new ModelFormatException(
                path, -1, $"{TypeKey}: found {GgufText.Quote(type)}, expected \"{Type}\"; name an importance matrix, not a model");
        }

        int chunkCount = RequireAtLeast(path, ChunkCountKey, metadata.GetInt32(ChunkCountKey), 0);
        int chunkSize = RequireAtLeast(path, ChunkSizeKey, metadata.GetInt32(ChunkSizeKey), 1);
        var sums = new SortedDictionary<string, ImportanceSums>(StringComparer.Ordinal);
        foreach (GgufTensor tensor in file.Tensors)
        {
            // Tensors of later versions of the format are ignored.
            if (!IsSquares(file, tensor, out string name))
            {
                continue;
            }

            sums.Add(name, new ImportanceSums(ReadSquares(tensor), ReadCounts(file.FindTensor(name + CountsSuffix)!, tensor)));
        }

        return sums.Count > 0
            ? new ImportanceMatrix(chunkSize, sums, metadata.GetStrings(DatasetsKey))
            {
                ChunkCount = chunkCount,
                UnfinishedRun = metadata.GetString(UnfinishedRunKey, "") is { Length: > 0 } run ? run : null,
            }
            : throw new ModelFormatException(path, -1, $"found no tensor NAME{SquaresSuffix}, expected one for each matrix; {Remedy}");
    }

    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, ImportanceMatrix matrix)
    {
        using FileReplacement file = FileReplacement.OfUser(path);
        using var buffer = new BufferedStream(file);
        var writer = new GgufWriter(buffer);
        writer.AddKey(TypeKey, Type);
        writer.AddKey(DatasetsKey, matrix.Datasets.ToArray());
        writer.AddKey(ChunkCountKey, (uint)matrix.ChunkCount);
        writer.AddKey(ChunkSizeKey, (uint)matrix.ChunkSize);
        if (matrix.UnfinishedRun is { } run)
        {
            writer.AddKey(UnfinishedRunKey, run);
        }

        foreach ((string name, ImportanceSums sums) in matrix.Sums)
        {
            int matrices = sums.Counts.Length;
            long[] more = matrices > 1 ? [matrices] : [];
            writer.AddTensor(name + SquaresSuffix, TensorType.F32, [sums.Squares.Length / matrices, .. more]);
            writer.AddTensor(name + CountsSuffix, TensorType.F32, [1, .. more]);
        }

        foreach (ImportanceSums sums in matrix.Sums.Values)
        {
            writer.WriteData(MemoryMarshal.AsBytes(sums.Squares));
            writer.WriteData(MemoryMarshal.AsBytes<float>(Array.ConvertAll(sums.Counts, static count => (float)count)));
        }

        writer.Complete();
        file.Commit();
    }

    /// <summary>Checks that all numbers are finite and at least 0.</summary>
    /// <returns>The index of the first number that is not; -1 if there is none.</returns>
    public static int IndexOfInvalid(ReadOnlySpan<float> numbers) => numbers.IndexOfAnyExceptInRange(0, float.MaxValue);

    /// <summary>Gets whether a tensor holds sums of squares, whose counts must be there too, as must sums for counts.</summary>
    private static bool IsSquares(GgufFile file, GgufTensor tensor, out string name)
    {
        bool isSquares = tensor.Name.EndsWith(SquaresSuffix, StringComparison.Ordinal);
        bool isCounts = tensor.Name.EndsWith(CountsSuffix, StringComparison.Ordinal);
        name = isSquares ? tensor.Name[..^SquaresSuffix.Length] : isCounts ? tensor.Name[..^CountsSuffix.Length] : "";
        string partner = name + (isSquares ? CountsSuffix : SquaresSuffix);
        return !(isSquares || isCounts) || file.FindTensor(partner) is not null
            ? isSquares
            : throw Error(tensor, $"found no tensor {GgufText.Quote(partner)} for it");
    }

    private static float[] ReadSquares(GgufTensor tensor)
    {
        float[] squares = ReadFloats(tensor);
        int invalid = IndexOfInvalid(squares);
        return invalid < 0
            ? squares
            : throw Error(tensor, FormattableString.Invariant(
                $"value {invalid}: found {squares[invalid]}, expected a finite number of at least 0"));
    }

    private static long[] ReadCounts(GgufTensor tensor, GgufTensor squares)
    {
        float[] counts = ReadFloats(tensor);
        if (squares.Rows * squares.Columns % counts.Length != 0)
        {
            throw Error(tensor, $"found {counts.Length} counts for {squares.Rows * squares.Columns} sums, expected one for each matrix");
        }

        int invalid = IndexOfInvalid(counts);
        invalid = invalid < 0 ? Array.FindIndex(counts, static count => count > MaxCount) : invalid;
        return invalid < 0
            ? Array.ConvertAll(counts, static count => (long)MathF.Round(count))
            : throw Error(tensor, FormattableString.Invariant(
                $"value {invalid}: found {counts[invalid]}, expected a number of tokens"));
    }

    private static float[] ReadFloats(GgufTensor tensor)
    {
        if (tensor.Type != TensorType.F32)
        {
            throw Error(tensor, $"found the type {tensor.Type}, expected F32");
        }

        if (tensor.ByteLength > Array.MaxLength)
        {
            throw Error(tensor, $"found {tensor.ByteLength} bytes, expected at most {Array.MaxLength}");
        }

        float[] values = new float[tensor.ByteLength / sizeof(float)];
        tensor.ReadRows(0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static int RequireAtLeast(string path, string key, int value, int least) => value >= least
        ? value
        : throw new ModelFormatException(path, -1, $"{key}: found {value}, expected {least} or more; {Remedy}");

    private static ModelFormatException Error(GgufTensor tensor, string problem) =>
        new(tensor.Part.Path, tensor.FileOffset, $"tensor {GgufText.Quote(tensor.Name)}: {problem}; {Remedy}");
}
