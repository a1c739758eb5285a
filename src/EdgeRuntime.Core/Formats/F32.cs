using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>IEEE binary32.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockF32 : ITensorFormat<BlockF32>, IFloatFormat
{
    public float Value;

    public static TensorType Type => TensorType.F32;

    public static int BlockWeights => 1;

    public static int BlockBytes => 4;

    public static void Dequantize(in BlockF32 block, Span<float> x) => x[0] = block.Value;

    public static void DequantizeAll(ReadOnlySpan<BlockF32> blocks, Span<float> x) =>
        MemoryMarshal.Cast<BlockF32, float>(blocks).CopyTo(x);

    /// <summary>Copies the weights.</summary>
    public static void Quantize(ReadOnlySpan<float> x, Span<BlockF32> blocks) => x.CopyTo(MemoryMarshal.Cast<BlockF32, float>(blocks));

    public readonly float ToSingle() => Value;
}
