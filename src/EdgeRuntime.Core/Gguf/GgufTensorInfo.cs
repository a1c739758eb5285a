using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Gguf;

/// <summary>The validated description of a tensor in the file header, with the values derived from it.</summary>
/// <param name="Name">The name, 1 to 63 bytes of UTF-8.</param>
/// <param name="Dimensions">The dimensions ne[0..3], all positive.</param>
/// <param name="Type">The type; one that files may use.</param>
/// <param name="RowBytes">The number of bytes of ne[0] elements.</param>
/// <param name="Rows">The number of rows: ne[1] * ne[2] * ne[3].</param>
/// <param name="DataOffset">The aligned offset from the start of the tensor data. The rows end inside the file.</param>
internal sealed record GgufTensorInfo(string Name, long[] Dimensions, TensorType Type, long RowBytes, long Rows, long DataOffset)
{
    /// <summary>Gets the number of bytes of all rows, plus the trailing bytes of types that store data for the whole tensor.</summary>
    public long ByteLength => (RowBytes * Rows) + TensorTypes.Find(Type)!.TailBytes;

    /// <summary>Reads all descriptions and validates what does not depend on the start of the tensor data.</summary>
    public static List<GgufTensorInfo> ReadAll(GgufCursor cursor, int count, int alignment)
    {
        List<GgufTensorInfo> infos = new(Math.Min(count, 1024));
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int index = 0; index < count; index++)
        {
            long start = cursor.Position;
            GgufTensorInfo info = Read(cursor, alignment);
            if (!names.Add(info.Name))
            {
                throw cursor.Error(
                    start, $"tensor {GgufText.Quote(info.Name)}: found the name a second time, expected it once; {GgufCursor.Remedy}");
            }

            infos.Add(info);
        }

        return infos;
    }

    /// <summary>Checks that all rows lie inside the tensor data and that no two tensors overlap.</summary>
    /// <param name="infos">The tensors of the file.</param>
    /// <param name="dataOffset">The byte offset of the tensor data in the file.</param>
    /// <param name="cursor">The cursor, for error messages.</param>
    public static void CheckPlacement(List<GgufTensorInfo> infos, long dataOffset, GgufCursor cursor)
    {
        long available = cursor.File.ByteLength - dataOffset;
        foreach (GgufTensorInfo info in infos)
        {
            if (info.DataOffset > available || info.ByteLength > available - info.DataOffset)
            {
                throw cursor.Error(
                    Math.Max(dataOffset, 0),
                    $"tensor {GgufText.Quote(info.Name)}: found {Math.Max(available, 0)} bytes of tensor data, " +
                    $"expected {info.ByteLength} from {info.DataOffset} on; {GgufCursor.Remedy}");
            }
        }

        GgufTensorInfo[] ordered = [.. infos];
        Array.Sort(ordered, static (left, right) => left.DataOffset.CompareTo(right.DataOffset));
        for (int index = 1; index < ordered.Length; index++)
        {
            GgufTensorInfo before = ordered[index - 1];
            if (before.DataOffset + before.ByteLength > ordered[index].DataOffset)
            {
                throw cursor.Error(
                    dataOffset + ordered[index].DataOffset,
                    $"tensor {GgufText.Quote(ordered[index].Name)}: found its data inside those of {GgufText.Quote(before.Name)}, " +
                    $"expected bytes of its own; {GgufCursor.Remedy}");
            }
        }
    }

    private static GgufTensorInfo Read(GgufCursor cursor, int alignment)
    {
        string name = cursor.ReadName(GgufLimits.MaxTensorNameBytes, "tensor name");
        string subject = $"tensor {GgufText.Quote(name)}";
        long[] dimensions = ReadDimensions(cursor, subject);
        TensorTypeFacts facts = ReadType(cursor, subject);
        (long rowBytes, long rows) = Measure(cursor, subject, dimensions, facts);

        long start = cursor.Position;
        ulong offset = cursor.ReadUInt64($"{subject}, offset");
        if (offset > (ulong)cursor.File.ByteLength)
        {
            throw cursor.Error(
                start,
                $"{subject}: found offset {offset}, " +
                $"expected one inside the file of {cursor.File.ByteLength} bytes; {GgufCursor.Remedy}");
        }

        if (offset % (ulong)alignment != 0)
        {
            throw cursor.Error(
                start,
                $"{subject}: found offset {offset}, " +
                $"expected a multiple of the alignment {alignment}; {GgufCursor.Remedy}");
        }

        return new GgufTensorInfo(name, dimensions, facts.Type, rowBytes, rows, (long)offset);
    }

    private static long[] ReadDimensions(GgufCursor cursor, string subject)
    {
        long start = cursor.Position;
        uint count = cursor.ReadUInt32($"{subject}, number of dimensions");
        if (count is 0 or > GgufLimits.MaxDimensions)
        {
            throw cursor.Error(
                start,
                $"{subject}: found {count} dimensions, " +
                $"expected 1 to {GgufLimits.MaxDimensions}; {GgufCursor.Remedy}");
        }

        long[] dimensions = [1, 1, 1, 1];
        for (int index = 0; index < count; index++)
        {
            start = cursor.Position;
            ulong dimension = cursor.ReadUInt64($"{subject}, dimension {index}");
            if (dimension is 0 or > long.MaxValue)
            {
                throw cursor.Error(
                    start, $"{subject}: found {dimension} as dimension {index}, expected 1 to {long.MaxValue}; {GgufCursor.Remedy}");
            }

            dimensions[index] = (long)dimension;
        }

        return dimensions;
    }

    private static TensorTypeFacts ReadType(GgufCursor cursor, string subject)
    {
        long start = cursor.Position;
        uint id = cursor.ReadUInt32($"{subject}, type");
        TensorTypeFacts? facts = TensorTypes.Find((TensorType)id);
        if (facts is null)
        {
            throw cursor.Error(
                start,
                $"{subject}: found type {id}, " +
                $"expected one of 0 to {TensorTypes.All.Count - 1}; the file is damaged, or newer than this build");
        }

        if (facts.ReplacedBy is { } replacement)
        {
            throw cursor.Error(
                start,
                $"{subject}: found type {id} ({facts.Name}), which ggml has removed, " +
                $"expected one that files may use; quantize the model anew, to {replacement}");
        }

        return facts;
    }

    /// <summary>Computes the number of bytes per row and the number of rows, and checks that the total size fits into int64.</summary>
    private static (long RowBytes, long Rows) Measure(GgufCursor cursor, string subject, long[] dimensions, TensorTypeFacts facts)
    {
        if (dimensions[0] % facts.BlockElements != 0)
        {
            throw cursor.Error(
                cursor.Position,
                $"{subject}: found rows of {dimensions[0]} elements, " +
                $"expected a multiple of {facts.BlockElements}, the block of {facts.Name}; convert the model again");
        }

        try
        {
            long rowBytes = checked(dimensions[0] / facts.BlockElements * facts.BlockBytes);
            long rows = checked(dimensions[1] * dimensions[2] * dimensions[3]);
            if (rowBytes <= GgufLimits.MaxRowBytes && checked((rowBytes * rows) + facts.TailBytes) <= cursor.File.ByteLength)
            {
                return (rowBytes, rows);
            }
        }
        catch (OverflowException)
        {
            // The size exceeds any file: report it below.
        }

        string shape = string.Join(", ", Array.ConvertAll(dimensions, static d => d.ToString(CultureInfo.InvariantCulture)));
        throw cursor.Error(
            cursor.Position,
            $"{subject}: found shape [{shape}] of {facts.Name}, expected no more than the file's {cursor.File.ByteLength} bytes " +
            $"and rows of at most {GgufLimits.MaxRowBytes}; {GgufCursor.Remedy}");
    }
}
