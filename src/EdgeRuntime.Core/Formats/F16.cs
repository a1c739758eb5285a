using System;
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

    public static void Quantize(ReadOnlySpan<float> x, out BlockF16 block) => block = new() { Bits = HalfBits.FromSingle(x[0]) };

    public readonly float ToSingle() => HalfBits.ToSingle(Bits);
}
