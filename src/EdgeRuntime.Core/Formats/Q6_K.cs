using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * sc) * (q - 32) with 6-bit q and a signed 8-bit sc per 16 weights.
/// Source: ggml-common.h <c>block_q6_K</c>, ggml-quants.c <c>dequantize_row_q6_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ6_K : IQuantizedFormat<BlockQ6_K>
{
    /// <summary>
    /// Low four bits. Byte 64 h + l, l in 0..63: the low nibble is weight 128 h + l, the high nibble is weight 128 h + 64 + l.
    /// </summary>
    public Bytes128 Ql;

    /// <summary>High two bits. Byte 32 h + l, l in 0..31: bits 2 i and 2 i + 1 are weight 128 h + 32 i + l.</summary>
    public Bytes64 Qh;

    /// <summary>One signed scale per 16 weights.</summary>
    public Bytes16 Scales;

    public ushort D;

    public static TensorType Type => TensorType.Q6_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 210;

    public static QuantShape Shape => QuantShape.Of<Centered6>(ScaleKind.SuperBlock16);

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockQ6_K block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> ql = block.Ql;
        ReadOnlySpan<byte> qh = block.Qh;
        for (int h = 0; h < 2; h++)
        {
            Span<uint> part = words.Slice(24 * h, 24);
            QuantWords.FromNibbles(ql.Slice(64 * h, 32), part[..4], part.Slice(12, 4));
            QuantWords.FromNibbles(ql.Slice((64 * h) + 32, 32), part.Slice(6, 4), part.Slice(18, 4));
            ReadOnlySpan<byte> high = qh.Slice(32 * h, 32);
            for (int i = 0; i < 4; i++)
            {
                part[(6 * i) + 4] = QuantWords.HighPairs(high[..16], 2 * i);
                part[(6 * i) + 5] = QuantWords.HighPairs(high[16..], 2 * i);
            }
        }

        ExtractScales(in block, ref scales);
    }

    /// <summary>Searches d and a scale per 16 weights; see <see cref="SuperScales"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ6_K block)
    {
        block = default;
        Span<byte> quants = stackalloc byte[256];
        Span<sbyte> scales = MemoryMarshal.Cast<byte, sbyte>((Span<byte>)block.Scales);
        block.D = SuperScales.Quantize<Centered6>(x, importance, step: 0.25f, steps: 128, scales, quants);
        Span<byte> ql = block.Ql;
        Nibbles.Pack(quants[..128], ql[..64]);
        Nibbles.Pack(quants[128..], ql[64..]);
        BitPairs.Pack(quants, shift: 4, block.Qh);
    }

    private static void ExtractScales(in BlockQ6_K block, ref BlockScales scales)
    {
        scales.SubBlocks = block.Scales;
        scales.D = block.D;
    }
}
