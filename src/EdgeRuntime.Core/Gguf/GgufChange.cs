using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace EdgeRuntime.Gguf;

/// <summary>Changes a key of a file.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">
/// The value as text: a number, <c>true</c> or <c>false</c>, a string, or a JSON array. Null to remove the key.
/// </param>
/// <param name="Type">
/// The type: u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, bool or str, with [] for an array. Null to keep that of the present value.
/// </param>
public sealed record GgufChange(string Key, string? Value, string? Type = null)
{
    private static readonly (string Name, Type Type)[] s_types =
    [
        ("u8", typeof(byte)), ("i8", typeof(sbyte)), ("u16", typeof(ushort)), ("i16", typeof(short)), ("u32", typeof(uint)),
        ("i32", typeof(int)), ("u64", typeof(ulong)), ("i64", typeof(long)), ("f32", typeof(float)), ("f64", typeof(double)),
        ("bool", typeof(bool)), ("str", typeof(string)),
    ];

    /// <summary>Gets the names of the types.</summary>
    public static IReadOnlyList<string> TypeNames { get; } =
        [.. s_types.Select(static type => type.Name), .. s_types.Select(static type => type.Name + "[]")];

    /// <summary>Gets the new value, as <see cref="GgufWriter.AddKey"/> takes it; null to remove the key.</summary>
    /// <param name="metadata">The present values.</param>
    /// <exception cref="ArgumentException">The file has no such key and no type is given, or the text is no value of the type.</exception>
    internal object? Parse(GgufMetadata metadata)
    {
        if (Key.Length == 0 || GgufSplit.IsOfFile(Key))
        {
            throw Error(Key.Length == 0 ? "found an empty key" : "describes how the file is laid out, and can't be changed");
        }

        if (Value is null)
        {
            return metadata.Contains(Key) ? null : throw Error("the file has no such key to remove");
        }

        bool isArray = Type is null
            ? metadata.GetShape(Key) is { Type: GgufValueType.Array }
            : Type.EndsWith("[]", StringComparison.Ordinal);
        Type type = Type is not null ? FindType(isArray ? Type[..^2] : Type)
            : metadata.GetShape(Key) is { } shape ? s_types.First(known => GgufValueTypes.Of(known.Type) == shape.ElementType).Type
            : throw Error($"the file has no such key; give a type for a new one: {string.Join(", ", TypeNames)}");
        return isArray ? ParseArray(type, Value) : ParseScalar(type, Value);
    }

    private Array ParseArray(Type type, string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            string[] elements = [.. json.RootElement.EnumerateArray().Select(static element => element.ToString())];
            Array values = CreateArray(type, elements.Length);
            for (int index = 0; index < elements.Length; index++)
            {
                // JsonElement writes True and False.
                values.SetValue(ParseScalar(type, type == typeof(bool) ? elements[index].ToLowerInvariant() : elements[index]), index);
            }

            return values;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Error($"found '{Printable.Shorten(text)}', expected a JSON array such as [1, 2]", exception);
        }
    }

    /// <summary>Creates an array of a type, without reflection.</summary>
    private static Array CreateArray(Type type, int length) => System.Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => new byte[length],
        TypeCode.SByte => new sbyte[length],
        TypeCode.UInt16 => new ushort[length],
        TypeCode.Int16 => new short[length],
        TypeCode.UInt32 => new uint[length],
        TypeCode.Int32 => new int[length],
        TypeCode.UInt64 => new ulong[length],
        TypeCode.Int64 => new long[length],
        TypeCode.Single => new float[length],
        TypeCode.Double => new double[length],
        TypeCode.Boolean => new bool[length],
        _ => new string[length],
    };

    private object ParseScalar(Type type, string text)
    {
        try
        {
            return type == typeof(string) ? text
                : type == typeof(bool) ? text is "true" or "1" || (text is not ("false" or "0") ? throw new FormatException() : false)
                : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            string name = Array.Find(s_types, known => known.Type == type).Name;
            throw Error($"found '{Printable.Shorten(text)}', expected a value of the type {name}", exception);
        }
    }

    private Type FindType(string name) => Array.Find(s_types, known => known.Name == name).Type
        ?? throw Error($"no type '{Printable.Shorten(Type!)}'; use one of: {string.Join(", ", TypeNames)}");

    private ArgumentException Error(string problem, Exception? cause = null) => new($"key {GgufText.Quote(Key)}: {problem}", cause);
}
