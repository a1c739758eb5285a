using System;
using System.Collections.Generic;

namespace EdgeRuntime.Gguf;

/// <summary>Reads the metadata of a file once, validates all keys and values, and records where each value is.</summary>
internal static class GgufMetadataReader
{
    private const int LengthBytes = sizeof(ulong);

    public static GgufMetadata Read(GgufCursor cursor, int count)
    {
        List<string> keys = new(Math.Min(count, 256));
        Dictionary<string, GgufValue> values = new(StringComparer.Ordinal);
        for (int index = 0; index < count; index++)
        {
            long start = cursor.Position;
            string key = cursor.ReadName(GgufLimits.MaxKeyBytes, "key");
            GgufValue value = ReadValue(cursor, $"key {GgufText.Quote(key)}");
            if (!values.TryAdd(key, value))
            {
                throw cursor.Error(start, $"key {GgufText.Quote(key)}: found it a second time, expected it once; {GgufCursor.Remedy}");
            }

            keys.Add(key);
        }

        return new GgufMetadata(cursor.File, cursor.Path, keys, values);
    }

    private static GgufValue ReadValue(GgufCursor cursor, string subject)
    {
        GgufValueType type = ReadType(cursor, subject);
        switch (type)
        {
            case GgufValueType.Array:
                return ReadArray(cursor, subject);
            case GgufValueType.String:
                int length = cursor.SkipString(GgufLimits.MaxStringBytes, subject);
                return new GgufValue(new GgufValueShape(type, type, 1), cursor.Position - length, length);
            default:
                return ReadFixed(cursor, new GgufValueShape(type, type, 1), subject);
        }
    }

    private static GgufValue ReadArray(GgufCursor cursor, string subject)
    {
        long start = cursor.Position;
        GgufValueType elementType = ReadType(cursor, subject);
        if (elementType == GgufValueType.Array)
        {
            throw cursor.Error(
                start,
                $"{subject}: found an array of arrays, " +
                $"expected an array of scalars or strings; convert the model again");
        }

        bool strings = elementType == GgufValueType.String;
        int leastBytes = strings ? LengthBytes : GgufValueTypes.FixedSize(elementType);
        int count = cursor.ReadCount(leastBytes, GgufLimits.MaxArrayElements, $"{subject}, number of elements");
        GgufValueShape shape = new(GgufValueType.Array, elementType, count);
        return strings ? ReadStrings(cursor, shape, subject) : ReadFixed(cursor, shape, subject);
    }

    private static GgufValue ReadStrings(GgufCursor cursor, GgufValueShape shape, string subject)
    {
        long start = cursor.Position;
        cursor.SkipStrings(shape.Count, GgufLimits.MaxStringBytes, subject);
        long bytes = cursor.Position - start;
        if (bytes > int.MaxValue)
        {
            throw cursor.Error(
                start,
                $"{subject}: found {bytes} bytes of strings, " +
                $"expected at most {int.MaxValue}, the limit of this reader");
        }

        return new GgufValue(shape, start, (int)bytes);
    }

    private static GgufValue ReadFixed(GgufCursor cursor, GgufValueShape shape, string subject)
    {
        long start = cursor.Position;
        int length = shape.Count * GgufValueTypes.FixedSize(shape.ElementType);
        if (shape.ElementType != GgufValueType.Bool)
        {
            cursor.Skip(length, subject);
            return new GgufValue(shape, start, length);
        }

        ReadOnlySpan<byte> bytes = cursor.Read(length, subject);
        if (bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and int place)
        {
            throw cursor.Error(start + place, $"{subject}: found {bytes[place]} as a bool, expected 0 or 1; {GgufCursor.Remedy}");
        }

        return new GgufValue(shape, start, length);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string subject)
    {
        long start = cursor.Position;
        GgufValueType type = (GgufValueType)cursor.ReadUInt32($"{subject}, type");
        return GgufValueTypes.IsKnown(type)
            ? type
            : throw cursor.Error(
                start,
                $"{subject}: found value type {(uint)type}, " +
                $"expected 0 to {(uint)GgufValueType.Float64}; {GgufCursor.Remedy}");
    }
}
