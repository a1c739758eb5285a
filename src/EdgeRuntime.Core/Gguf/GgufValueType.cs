using System;

namespace EdgeRuntime.Gguf;

/// <summary>The types of metadata values. Source: gguf.h, <c>enum gguf_type</c>.</summary>
#pragma warning disable CA1028, CA1720, CS1591 // the file format fixes ids and names
internal enum GgufValueType : uint
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
#pragma warning restore CA1028, CA1720, CS1591

/// <summary>Describes the type of a value.</summary>
/// <param name="Type">The type of the value.</param>
/// <param name="ElementType">The element type of an array; otherwise the type of the value.</param>
/// <param name="Count">The number of elements of an array; otherwise 1.</param>
internal readonly record struct GgufValueShape(GgufValueType Type, GgufValueType ElementType, int Count)
{
    /// <summary>Formats the type, for example <c>UInt32</c> or <c>Array of 32000 String</c>.</summary>
    public override string ToString() =>
        Type == GgufValueType.Array ? string.Create(null, $"Array of {Count} {ElementType}") : Type.ToString();
}

/// <summary>Locates a validated value in its file.</summary>
/// <param name="Shape">The type.</param>
/// <param name="Offset">The byte offset of the scalar, of the first byte of a string, or of the first element of an array.</param>
/// <param name="ByteLength">The number of bytes from <paramref name="Offset"/> to the end of the value.</param>
internal readonly record struct GgufValue(GgufValueShape Shape, long Offset, int ByteLength);

internal static class GgufValueTypes
{
    /// <summary>Gets the number of bytes of a value of fixed size; 0 for strings, arrays and unknown types.</summary>
    public static int FixedSize(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    public static bool IsKnown(GgufValueType type) => type <= GgufValueType.Float64;

    /// <summary>Gets the type in a file of values of a .NET type.</summary>
    /// <exception cref="ArgumentException">A file has no such values.</exception>
    public static GgufValueType Of(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Boolean => GgufValueType.Bool,
        TypeCode.String => GgufValueType.String,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Double => GgufValueType.Float64,
        _ => throw new ArgumentException($"A GGUF file has no values of type {type}."),
    };
}
