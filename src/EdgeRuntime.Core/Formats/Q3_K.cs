using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Super-blocks of 256 weights: (d * (sc - 32)) * (q - 4) with 3-bit q and 6-bit sc for 16 weights.
/// Source: ggml-common.h <c>block_q3_K</c>, ggml-quants.c <c>dequantize_row_q3_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ3_K : IQuantizedFormat<BlockQ3_K>
{
    /// <summary>High bits: byte l, bit i for weight 32 i + l.</summary>
    public Bytes32 HighBits;

    /// <summary>Low two bits, in the order of <see cref="BitPairs"/>.</summary>
    public Bytes64 Qs;

    /// <summary>Low four bits of scale i: byte i, low nibble, of scale 8 + i the high one. High two: byte 8 + i % 4, from bit i / 4 * 2 on.</summary>
    public Bytes12 Scales;

    public ushort D;

    public static TensorType Type => TensorType.Q3_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 110;

    public static QuantShape Shape => QuantShape.Of<Centered3>(ScaleKind.SuperBlock16);

    public static void Dequantize(in BlockQ3_K block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        Unpack(in block, quants);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            x[k] = d * Scale(in block, k / 16) * (quants[k] - 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ3_K block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        scales.D = block.D;
        for (int i = 0; i < 16; i++)
        {
            scales.SubBlocks[i] = (byte)Scale(in block, i);
        }
    }

    private static void Unpack(in BlockQ3_K block, Span<byte> quants)
    {
        BitPairs.Unpack(block.Qs, quants);
        for (int k = 0; k < 256; k++)
        {
            quants[k] |= (byte)(((block.HighBits[k % 32] >> (k / 32)) & 1) << 2);
        }
    }

    private static int Scale(in BlockQ3_K block, int i)
    {
        int low = (block.Scales[i % 8] >> (i / 8 * 4)) & 15;
        int high = (block.Scales[8 + (i % 4)] >> (i / 4 * 2)) & 3;
        return low + (high << 4) - 32;
    }
}
