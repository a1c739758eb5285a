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

    public static void Quantize(ReadOnlySpan<float> x, out BlockF32 block) => block = new() { Value = x[0] };

    public readonly float ToSingle() => Value;
}
