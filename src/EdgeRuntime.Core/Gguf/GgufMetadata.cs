using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// The keys and values of a file. Getters convert between integer types where the value fits; a value of the wrong type is a
/// <see cref="ModelFormatException"/> that names the key, what was found and what was expected. Values are read from the file
/// when they are asked for: every getter throws <see cref="ObjectDisposedException"/> once the file is disposed, and
/// <see cref="System.IO.IOException"/> where it has become shorter or its strings have changed since it was opened.
/// </summary>
public sealed class GgufMetadata
{
    private readonly ReadableFile _file;
    private readonly string _path;
    private readonly List<string> _keys;
    private readonly Dictionary<string, GgufValue> _values;

    internal GgufMetadata(ReadableFile file, string path, List<string> keys, Dictionary<string, GgufValue> values)
    {
        _file = file;
        _path = path;
        _keys = keys;
        _values = values;
    }

    /// <summary>Keys in the file's order.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>Whether the key is there.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>What kind of value the key has; null where the key is absent. Costs nothing, whatever the value's size.</summary>
    public GgufValueShape? GetShape(string key) => _values.TryGetValue(key, out GgufValue value) ? value.Shape : null;

    /// <summary>The value as a boxed scalar (bool, byte ... ulong, float, double, string) or an array of one of these.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out object? value)
    {
        value = _values.TryGetValue(key, out GgufValue found) ? Decode(found) : null;
        return value is not null;
    }

    /// <summary>A string, or <paramref name="fallback"/> where the key is absent; null fallback means the key is required.</summary>
    /// <remarks>Bytes that are not UTF-8 become U+FFFD; <see cref="GetStringBytes"/> keeps those of an array.</remarks>
    public string GetString(string key, string? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!;
        }

        return value.Shape.Type == GgufValueType.String ? Encoding.UTF8.GetString(Bytes(value)) : throw WrongType(key, "String");
    }

    /// <summary>An integer that fits int32, or the fallback; null fallback means the key is required.</summary>
    public int GetInt32(string key, int? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!.Value;
        }

        if (!IsInteger(value.Shape.Type))
        {
            throw WrongType(key, "an integer");
        }

        return TryReadInt32(value.Shape.Type, Bytes(value), out int number)
            ? number
            : throw WrongValue(key, FormattableString.Invariant($"{Decode(value)}"), $"an integer from {int.MinValue} to {int.MaxValue}");
    }

    /// <summary>A number as float32, or the fallback; null fallback means the key is required.</summary>
    public float GetSingle(string key, float? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!.Value;
        }

        return Decode(value) switch
        {
            float number => number,
            double number => (float)number,
            IConvertible number when IsInteger(value.Shape.Type) => number.ToSingle(null),
            _ => throw WrongType(key, "a number"),
        };
    }

    /// <summary>A bool, or the fallback; null fallback means the key is required.</summary>
    public bool GetBoolean(string key, bool? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!.Value;
        }

        return value.Shape.Type == GgufValueType.Bool ? Bytes(value)[0] != 0 : throw WrongType(key, "Bool");
    }

    /// <summary>An array of strings; empty where the key is absent.</summary>
    /// <remarks>Bytes that are not UTF-8 become U+FFFD; <see cref="GetStringBytes"/> keeps them.</remarks>
    public IReadOnlyList<string> GetStrings(string key) =>
        FindArray(key, "an array of strings", static type => type == GgufValueType.String) is { } value ? DecodeStrings(value) : [];

    /// <summary>An array of strings as the bytes that the file has, which need not be UTF-8; empty where the key is absent.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> GetStringBytes(string key)
    {
        if (FindArray(key, "an array of strings", static type => type == GgufValueType.String) is not { } value)
        {
            return [];
        }

        byte[] bytes = Bytes(value);
        ReadOnlyMemory<byte>[] strings = new ReadOnlyMemory<byte>[value.Shape.Count];
        int position = 0;
        for (int index = 0; index < strings.Length; index++)
        {
            int length = NextString(bytes, ref position).Length;
            strings[index] = bytes.AsMemory(position - length, length);
        }

        return strings;
    }

    /// <summary>An array of floats; empty where absent.</summary>
    public ReadOnlyMemory<float> GetSingles(string key)
    {
        GgufValue? value = FindArray(key, "an array of floats", static type => type is GgufValueType.Float32 or GgufValueType.Float64);
        return value switch
        {
            null => default,
            { Shape.ElementType: GgufValueType.Float32 } => DecodeArray<float>(value.Value),
            _ => Array.ConvertAll(DecodeArray<double>(value.Value), static number => (float)number),
        };
    }

    /// <summary>An array of integers that fit int32; empty where absent.</summary>
    public ReadOnlyMemory<int> GetInt32s(string key)
    {
        if (FindArray(key, "an array of integers", IsInteger) is not { } value)
        {
            return default;
        }

        ReadOnlySpan<byte> bytes = Bytes(value);
        int size = GgufValueTypes.FixedSize(value.Shape.ElementType);
        int[] numbers = new int[value.Shape.Count];
        for (int index = 0; index < numbers.Length; index++)
        {
            if (!TryReadInt32(value.Shape.ElementType, bytes.Slice(index * size, size), out numbers[index]))
            {
                throw WrongValue(key, $"element {index} outside that range", $"integers from {int.MinValue} to {int.MaxValue}");
            }
        }

        return numbers;
    }

    /// <summary>An array of unsigned or signed bytes; empty where absent.</summary>
    public ReadOnlyMemory<byte> GetBytes(string key) =>
        FindArray(key, "an array of bytes", static type => type is GgufValueType.UInt8 or GgufValueType.Int8) is { } value
            ? Bytes(value)
            : default(ReadOnlyMemory<byte>);

    /// <summary>The error for a key whose value has another type than the caller needs.</summary>
    /// <param name="key">A key of the file.</param>
    /// <param name="expected">For example "an array of floats".</param>
    public ModelFormatException WrongType(string key, string expected) => WrongValue(key, $"{GetShape(key)}", expected);

    /// <summary>The error for a key whose value the caller can't use; the file and the place are added.</summary>
    /// <param name="key">A key; it need not be in the file.</param>
    /// <param name="found">The value, or what is wrong with it.</param>
    /// <param name="expected">What would be right.</param>
    public ModelFormatException WrongValue(string key, string found, string expected) => new(
        _path,
        _values.TryGetValue(key, out GgufValue value) ? value.Offset : -1,
        $"key {GgufText.Quote(key)}: found {found}, expected {expected}; convert the model again");

    private static bool IsInteger(GgufValueType type) => type is
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.UInt16 or GgufValueType.Int16 or
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.UInt64 or GgufValueType.Int64;

    private static bool TryReadInt32(GgufValueType type, ReadOnlySpan<byte> bytes, out int number)
    {
        long wide = type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => MemoryMarshal.Read<ushort>(bytes),
            GgufValueType.Int16 => MemoryMarshal.Read<short>(bytes),
            GgufValueType.UInt32 => MemoryMarshal.Read<uint>(bytes),
            GgufValueType.Int32 => MemoryMarshal.Read<int>(bytes),
            GgufValueType.Int64 => MemoryMarshal.Read<long>(bytes),
            _ => (long)Math.Min(MemoryMarshal.Read<ulong>(bytes), long.MaxValue),
        };
        number = (int)wide;
        return wide == number;
    }

    /// <summary>The lengths were checked when the file was opened; somebody may have written to it since.</summary>
    private ReadOnlySpan<byte> NextString(ReadOnlySpan<byte> bytes, ref int position)
    {
        ReadOnlySpan<byte> rest = bytes[position..];
        if (rest.Length < sizeof(ulong) || MemoryMarshal.Read<ulong>(rest) > (ulong)(rest.Length - sizeof(ulong)))
        {
            throw new IOException($"{_path}: changed while it was being read");
        }

        int length = (int)MemoryMarshal.Read<ulong>(rest);
        position += sizeof(ulong) + length;
        return rest.Slice(sizeof(ulong), length);
    }

    private bool TryFind(string key, bool required, out GgufValue value)
    {
        bool found = _values.TryGetValue(key, out value);
        if (!found && required)
        {
            throw new ModelFormatException(
                _path, -1, $"key {GgufText.Quote(key)}: found no such key, expected one; convert the model again");
        }

        return found;
    }

    private GgufValue? FindArray(string key, string expected, Func<GgufValueType, bool> isFitting)
    {
        if (!_values.TryGetValue(key, out GgufValue value))
        {
            return null;
        }

        return value.Shape.Type == GgufValueType.Array && isFitting(value.Shape.ElementType) ? value : throw WrongType(key, expected);
    }

    private byte[] Bytes(GgufValue value) => _file.ReadBytes(value.Offset, value.ByteLength);

    private object Decode(GgufValue value)
    {
        bool array = value.Shape.Type == GgufValueType.Array;
        return value.Shape.ElementType switch
        {
            GgufValueType.UInt8 => Decode<byte>(value),
            GgufValueType.Int8 => Decode<sbyte>(value),
            GgufValueType.UInt16 => Decode<ushort>(value),
            GgufValueType.Int16 => Decode<short>(value),
            GgufValueType.UInt32 => Decode<uint>(value),
            GgufValueType.Int32 => Decode<int>(value),
            GgufValueType.Float32 => Decode<float>(value),
            GgufValueType.Bool => Decode<bool>(value),
            GgufValueType.UInt64 => Decode<ulong>(value),
            GgufValueType.Int64 => Decode<long>(value),
            GgufValueType.Float64 => Decode<double>(value),
            _ => array ? DecodeStrings(value) : Encoding.UTF8.GetString(Bytes(value)),
        };
    }

    private object Decode<T>(GgufValue value)
        where T : unmanaged =>
        value.Shape.Type == GgufValueType.Array ? DecodeArray<T>(value) : MemoryMarshal.Read<T>(Bytes(value));

    private T[] DecodeArray<T>(GgufValue value)
        where T : unmanaged
    {
        T[] elements = new T[value.Shape.Count];
        _file.Read(value.Offset, MemoryMarshal.AsBytes(elements.AsSpan()));
        return elements;
    }

    private string[] DecodeStrings(GgufValue value)
    {
        ReadOnlySpan<byte> bytes = Bytes(value);
        string[] strings = new string[value.Shape.Count];
        int position = 0;
        for (int index = 0; index < strings.Length; index++)
        {
            strings[index] = Encoding.UTF8.GetString(NextString(bytes, ref position));
        }

        return strings;
    }
}
