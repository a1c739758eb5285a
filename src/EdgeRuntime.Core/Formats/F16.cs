using System;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>IEEE binary16.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockF16 : ITensorFormat<BlockF16>, IFloatFormat
{
    public ushort Bits;

    public static TensorType Type => TensorType.F16;

    public static int BlockWeights => 1;

    public static int BlockBytes => 2;

    public static void Dequantize(in BlockF16 block, Span<float> x) => x[0] = block.ToSingle();

    public static void DequantizeAll(ReadOnlySpan<BlockF16> blocks, Span<float> x) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<BlockF16, Half>(blocks), x);

    /// <summary>Rounds to nearest, ties to even.</summary>
    public static void Quantize(ReadOnlySpan<float> x, Span<BlockF16> blocks) =>
        TensorPrimitives.ConvertToHalf(x, MemoryMarshal.Cast<BlockF16, Half>(blocks));

    public readonly float ToSingle() => HalfBits.ToSingle(Bits);
}
