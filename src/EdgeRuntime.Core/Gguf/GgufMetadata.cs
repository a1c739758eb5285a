using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Represents the metadata (keys and values) of a file. Getters convert between integer types if the value fits. For a value of the wrong
/// type they throw a <see cref="ModelFormatException"/> with the key, what was found and what was expected. Values are read from the file
/// on each call: a getter throws <see cref="ObjectDisposedException"/> once the file is disposed, and <see cref="System.IO.IOException"/>
/// if the file has been truncated or its strings have changed since it was opened.
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

    /// <summary>Gets the keys in file order.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>Gets whether the file has the key.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>Gets the type of a value without reading the value; null if the file does not have the key.</summary>
    internal GgufValueShape? GetShape(string key) => _values.TryGetValue(key, out GgufValue value) ? value.Shape : null;

    /// <summary>Gets a value as a boxed scalar (bool, byte to ulong, float, double, string) or as an array of one of these types.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out object? value)
    {
        value = _values.TryGetValue(key, out GgufValue found) ? Decode(found) : null;
        return value is not null;
    }

    /// <summary>
    /// Gets a string, or <paramref name="fallback"/> if the key is missing. If the fallback is null, the key is required.
    /// </summary>
    /// <remarks>Invalid UTF-8 is replaced by U+FFFD; for arrays, <see cref="GetStringBytes"/> returns the bytes unchanged.</remarks>
    public string GetString(string key, string? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!;
        }

        return value.Shape.Type == GgufValueType.String ? Encoding.UTF8.GetString(Bytes(value)) : throw WrongType(key, "String");
    }

    /// <summary>
    /// Gets an integer that fits int32, or the fallback if the key is missing. If the fallback is null, the key is required.
    /// </summary>
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

    /// <summary>Gets a number as float32, or the fallback if the key is missing. If the fallback is null, the key is required.</summary>
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

    /// <summary>Gets a bool, or the fallback if the key is missing. If the fallback is null, the key is required.</summary>
    public bool GetBoolean(string key, bool? fallback = null)
    {
        if (!TryFind(key, fallback is null, out GgufValue value))
        {
            return fallback!.Value;
        }

        return value.Shape.Type == GgufValueType.Bool ? Bytes(value)[0] != 0 : throw WrongType(key, "Bool");
    }

    /// <summary>Gets an array of strings; empty if the key is missing.</summary>
    /// <remarks>Invalid UTF-8 is replaced by U+FFFD; <see cref="GetStringBytes"/> returns the bytes unchanged.</remarks>
    public IReadOnlyList<string> GetStrings(string key) =>
        FindArray(key, "an array of strings", static type => type == GgufValueType.String) is { } value ? DecodeStrings(value) : [];

    /// <summary>Gets an array of strings as their bytes in the file, which need not be UTF-8; empty if the key is missing.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> GetStringBytes(string key) => FindStrings(key);

    /// <inheritdoc cref="GetStringBytes"/>
    internal GgufStrings FindStrings(string key) =>
        FindArray(key, "an array of strings", static type => type == GgufValueType.String) is { } value
            ? ReadStrings(value)
            : GgufStrings.Empty;

    /// <summary>Gets an array of strings that is read while it is enumerated; empty if the key is missing.</summary>
    internal GgufStringSequence FindStringSequence(string key) =>
        FindArray(key, "an array of strings", static type => type == GgufValueType.String) is { } value
            ? new((offset, buffer) => _file.Read(value.Offset + offset, buffer), value.ByteLength, value.Shape.Count, _path)
            : GgufStringSequence.Empty;

    /// <summary>Gets an array of floats; empty if the key is missing.</summary>
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

    /// <summary>Gets an array of integers that fit int32; empty if the key is missing.</summary>
    public ReadOnlyMemory<int> GetInt32s(string key)
    {
        if (FindArray(key, "an array of integers", IsInteger) is not { } value)
        {
            return default;
        }

        if (value.Shape.ElementType == GgufValueType.Int32)
        {
            return DecodeArray<int>(value);
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

    /// <summary>Gets an array of booleans, or of integers, which are true unless they are 0; empty if the key is missing.</summary>
    internal bool[] GetFlags(string key) => GetShape(key) is { ElementType: GgufValueType.Bool }
        && FindArray(key, "an array", static type => type == GgufValueType.Bool) is { } value
        ? Array.ConvertAll(Bytes(value), static flag => flag != 0)
        : Array.ConvertAll(GetInt32s(key).ToArray(), static number => number != 0);

    /// <summary>Gets an array of signed or unsigned bytes; empty if the key is missing.</summary>
    public ReadOnlyMemory<byte> GetBytes(string key) =>
        FindArray(key, "an array of bytes", static type => type is GgufValueType.UInt8 or GgufValueType.Int8) is { } value
            ? Bytes(value)
            : default(ReadOnlyMemory<byte>);

    /// <summary>Creates the exception for a value of the wrong type.</summary>
    /// <param name="key">A key of the file.</param>
    /// <param name="expected">The expected type, for example "an array of floats".</param>
    internal ModelFormatException WrongType(string key, string expected) => WrongValue(key, $"{GetShape(key)}", expected);

    /// <summary>Creates the exception for a value that cannot be used. The exception also names the file and the offset.</summary>
    /// <param name="key">The key, which may be missing from the file.</param>
    /// <param name="found">The value, or the problem with it.</param>
    /// <param name="expected">The expected value.</param>
    internal ModelFormatException WrongValue(string key, string found, string expected) => new(
        _path,
        _values.TryGetValue(key, out GgufValue value) ? value.Offset : -1,
        $"key {GgufText.Quote(key)}: found {found}, expected {expected}; convert the model again");

    /// <summary>Gets where the value of a key of the file is.</summary>
    internal GgufValue Find(string key) => _values[key];

    /// <summary>Reads the value of a key of the file as its bytes: a string without its length, an array without its number.</summary>
    internal byte[] ReadBytes(string key) => Bytes(_values[key]);

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
        T[] elements = GC.AllocateUninitializedArray<T>(value.Shape.Count);
        _file.Read(value.Offset, MemoryMarshal.AsBytes(elements.AsSpan()));
        return elements;
    }

    private string[] DecodeStrings(GgufValue value)
    {
        GgufStrings bytes = ReadStrings(value);
        string[] strings = new string[bytes.Count];
        for (int index = 0; index < strings.Length; index++)
        {
            strings[index] = Encoding.UTF8.GetString(bytes[index]);
        }

        return strings;
    }

    private GgufStrings ReadStrings(GgufValue value) => new(Bytes(value), value.Shape.Count, _path);
}
