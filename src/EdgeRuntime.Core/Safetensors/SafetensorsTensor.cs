using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Safetensors;

/// <summary>Represents a tensor of an open Safetensors file. The file owns the bytes.</summary>
internal sealed class SafetensorsTensor
{
    private readonly ReadableFile _file;
    private readonly long _offset;
    private readonly int _elementBytes;

    /// <param name="file">The open file, which outlives this object.</param>
    /// <param name="path">The path of the file.</param>
    /// <param name="name">The name.</param>
    /// <param name="type">The element type.</param>
    /// <param name="elementBytes">The number of bytes of an element.</param>
    /// <param name="shape">The dimensions, outermost first.</param>
    /// <param name="offset">The place of the first byte in the file.</param>
    public SafetensorsTensor(
        ReadableFile file, string path, string name, SafetensorsType type, int elementBytes, long[] shape, long offset)
    {
        _file = file;
        _offset = offset;
        _elementBytes = elementBytes;
        (Path, Name, Type, Shape) = (path, name, type, shape);
        ElementCount = 1;
        foreach (long dimension in shape)
        {
            ElementCount = checked(ElementCount * dimension);
        }
    }

    /// <summary>Gets the path of the file.</summary>
    public string Path { get; }

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets the element type.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Gets the dimensions, outermost first; empty for a single number.</summary>
    public long[] Shape { get; }

    /// <summary>Gets the number of elements.</summary>
    public long ElementCount { get; }

    /// <summary>Gets whether the elements have 8 bits and an exponent.</summary>
    public bool IsFloat8 => Type is SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2;

    /// <summary>Reads elements as float32. Numbers with more bits are rounded.</summary>
    /// <param name="first">The index of the first element.</param>
    /// <param name="x">Receives the elements.</param>
    /// <exception cref="IOException">The file has become shorter, or it can't be read.</exception>
    public void Read(long first, Span<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, ElementCount - x.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked(x.Length * _elementBytes));
        Span<byte> bytes = buffer.AsSpan(0, x.Length * _elementBytes);
        _file.Read(_offset + (first * _elementBytes), bytes);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = Decode(bytes.Slice(i * _elementBytes, _elementBytes));
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Reads the bytes of elements as they are.</summary>
    /// <param name="first">The index of the first element.</param>
    /// <param name="bytes">Receives the bytes of whole elements.</param>
    /// <exception cref="IOException">The file has become shorter, or it can't be read.</exception>
    public void ReadBytes(long first, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, ElementCount - (bytes.Length / _elementBytes));
        _file.Read(_offset + (first * _elementBytes), bytes);
    }

    private float Decode(ReadOnlySpan<byte> element) => Type switch
    {
        SafetensorsType.F32 => BinaryPrimitives.ReadSingleLittleEndian(element),
        SafetensorsType.F16 => HalfBits.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element)),
        SafetensorsType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
        SafetensorsType.F8_E4M3 => DecodeFloat8(element[0]),
        SafetensorsType.F8_E5M2 => HalfBits.ToSingle((ushort)(element[0] << 8)),
        SafetensorsType.F64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
        SafetensorsType.I64 => BinaryPrimitives.ReadInt64LittleEndian(element),
        SafetensorsType.I32 => BinaryPrimitives.ReadInt32LittleEndian(element),
        SafetensorsType.I16 => BinaryPrimitives.ReadInt16LittleEndian(element),
        SafetensorsType.I8 => (sbyte)element[0],
        _ => element[0],
    };

    /// <summary>Decodes a number with 4 bits of exponent (bias 7) and 3 of mantissa; it has no infinities.</summary>
    private static float DecodeFloat8(byte bits)
    {
        int exponent = (bits >> 3) & 15;
        int mantissa = bits & 7;
        float magnitude = (bits & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? MathF.ScaleB(mantissa, -9)
            : MathF.ScaleB(8 + mantissa, exponent - 10);
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
