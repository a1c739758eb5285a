using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Super-blocks of 256 weights: (d * sc) * (q - 32) with 6-bit q and signed 8-bit sc for 16 weights.
/// Source: ggml-common.h <c>block_q6_K</c>, ggml-quants.c <c>dequantize_row_q6_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ6_K : IQuantizedFormat<BlockQ6_K>
{
    /// <summary>Low four bits: bytes 64 h + l, low nibble weight 128 h + l, high nibble weight 128 h + 64 + l, with l in 0..63.</summary>
    public Bytes128 Ql;

    /// <summary>High two bits: byte 32 h + l, bits 2 i, 2 i + 1 for weight 128 h + 32 i + l, with l in 0..31.</summary>
    public Bytes64 Qh;

    /// <summary>Signed, one for 16 weights.</summary>
    public Bytes16 Scales;

    public ushort D;


    public static TensorType Type => TensorType.Q6_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 210;

    public static QuantShape Shape => new(6, ScaleKind.SuperBlock16, 32);

    public static void Dequantize(in BlockQ6_K block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BlockScales scales = default;
        Decompose(in block, quants, ref scales);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            x[k] = d * (sbyte)scales.SubBlocks[k / 16] * (quants[k] - 32);
        }
    }

    public static void Decompose(in BlockQ6_K block, Span<byte> quants, ref BlockScales scales)
    {
        ReadOnlySpan<byte> ql = block.Ql;
        ReadOnlySpan<ulong> high = MemoryMarshal.Cast<byte, ulong>(block.Qh);
        for (int h = 0; h < 2; h++)
        {
            Span<byte> part = quants.Slice(128 * h, 128);
            Nibbles.Unpack(ql.Slice(64 * h, 64), part);
            Span<ulong> eights = MemoryMarshal.Cast<byte, ulong>(part);
            for (int i = 0; i < 16; i++)
            {
                eights[i] |= ((high[(4 * h) + (i % 4)] >> (i / 4 * 2)) & 0x0303030303030303) << 4;
            }
        }

        scales.SubBlocks = block.Scales;
        scales.D = block.D;
    }
}
