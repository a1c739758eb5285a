using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>The upper half of an IEEE binary32.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockBF16 : ITensorFormat<BlockBF16>, IFloatFormat
{
    public ushort Bits;

    public static TensorType Type => TensorType.BF16;

    public static int BlockWeights => 1;

    public static int BlockBytes => 2;

    public static void Dequantize(in BlockBF16 block, Span<float> x) => x[0] = block.ToSingle();

    /// <summary>Rounds to nearest, ties to even. A NaN becomes a quiet NaN.</summary>
    public static void Quantize(ReadOnlySpan<float> x, Span<BlockBF16> blocks)
    {
        for (int i = 0; i < x.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(x[i]);
            uint rounded = float.IsNaN(x[i]) ? bits | 0x400000 : bits + 0x7fff + ((bits >> 16) & 1);
            blocks[i].Bits = (ushort)(rounded >> 16);
        }
    }

    public readonly float ToSingle() => BitConverter.Int32BitsToSingle(Bits << 16);
}
