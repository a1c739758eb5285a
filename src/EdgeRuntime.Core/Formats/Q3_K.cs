using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * (sc - 32)) * (q - 4) with 3-bit q and a 6-bit sc per 16 weights.
/// Source: ggml-common.h <c>block_q3_K</c>, ggml-quants.c <c>dequantize_row_q3_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ3_K : IQuantizedFormat<BlockQ3_K>
{
    /// <summary>High bits: bit i of byte l is weight 32 i + l.</summary>
    public Bytes32 HighBits;

    /// <summary>Low two bits, in the order of <see cref="BitPairs"/>.</summary>
    public Bytes64 Qs;

    /// <summary>
    /// Scale i in 0..15. The low four bits are in byte i % 8: in the low nibble for scales 0..7, in the high nibble for 8..15. The high two
    /// bits are in byte 8 + i % 4, starting at bit i / 4 * 2.
    /// </summary>
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
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockQ3_K block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        ReadOnlySpan<byte> high = block.HighBits;
        for (int i = 0; i < 8; i++)
        {
            QuantWords.FromBitPairs(qs.Slice(i / 4 * 32, 32), i % 4, words.Slice(3 * i, 2));
            words[(3 * i) + 2] = QuantWords.FifthBits(high, i);
        }

        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockQ3_K block, ref BlockScales scales)
    {
        scales.D = block.D;
        for (int i = 0; i < 16; i++)
        {
            scales.SubBlocks[i] = (byte)Scale(in block, i);
        }
    }

    /// <summary>Searches d and a scale per 16 weights; see <see cref="SuperScales"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ3_K block)
    {
        block = default;
        Span<byte> quants = stackalloc byte[256];
        Span<sbyte> scales = stackalloc sbyte[16];
        block.D = SuperScales.Quantize<Centered3>(x, importance, step: 0.2f, steps: 32, scales, quants);
        for (int i = 0; i < 16; i++)
        {
            int scale = scales[i] + 32;
            block.Scales[i % 8] |= (byte)((scale & 15) << (i / 8 * 4));
            block.Scales[8 + (i % 4)] |= (byte)(scale >> 4 << (i / 4 * 2));
        }

        BitPairs.PackPlane(quants, 2, block.HighBits);
        BitPairs.Pack(quants, block.Qs);
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
