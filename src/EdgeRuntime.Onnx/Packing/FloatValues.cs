using System;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Converts floats to the bytes of a tensor.</summary>
internal static class FloatValues
{
    /// <summary>Returns the number of bytes of an element.</summary>
    public static int SizeOf(ElementKind kind) => kind switch
    {
        ElementKind.Int64 => sizeof(long),
        ElementKind.Float32 or ElementKind.Int32 => sizeof(float),
        ElementKind.Float16 => sizeof(short),
        _ => 1,
    };

    /// <summary>Converts values to bytes.</summary>
    /// <param name="values">The values.</param>
    /// <param name="kind">A float type.</param>
    public static byte[] ToBytes(ReadOnlySpan<float> values, ElementKind kind)
    {
        byte[] bytes = new byte[values.Length * SizeOf(kind)];
        Convert(values, kind, bytes);
        return bytes;
    }

    /// <summary>Converts values to bytes.</summary>
    /// <param name="values">The values.</param>
    /// <param name="kind">A float type.</param>
    /// <param name="bytes">Receives the bytes.</param>
    public static void Convert(ReadOnlySpan<float> values, ElementKind kind, Span<byte> bytes)
    {
        if (kind == ElementKind.Float32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
        }
        else
        {
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
        }
    }
}
