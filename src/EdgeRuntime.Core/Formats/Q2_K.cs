using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * sc) * q - dmin * m with 2-bit q, and a 4-bit sc and m per 16 weights.
/// Source: ggml-common.h <c>block_q2_K</c>, ggml-quants.c <c>dequantize_row_q2_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ2_K : IQuantizedFormat<BlockQ2_K>
{
    /// <summary>Byte i: sc (low nibble) and m (high nibble) of weights 16 i..16 i + 15.</summary>
    public Bytes16 Scales;

    /// <summary>The quants in the order of <see cref="BitPairs"/>.</summary>
    public Bytes64 Qs;

    public ushort D;

    public ushort DMin;

    public static TensorType Type => TensorType.Q2_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 84;

    public static QuantShape Shape => QuantShape.Of<Unsigned2>(ScaleKind.NibbleMins16);

    public static void Dequantize(in BlockQ2_K block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BitPairs.Unpack(block.Qs, quants);
        float d = HalfBits.ToSingle(block.D);
        float dmin = HalfBits.ToSingle(block.DMin);
        for (int k = 0; k < 256; k++)
        {
            int scale = block.Scales[k / 16];
            x[k] = (d * (scale & 15) * quants[k]) - (dmin * (scale >> 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ2_K block, Span<byte> quants, ref BlockScales scales)
    {
        BitPairs.Unpack(block.Qs, quants);
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockQ2_K block, Span<uint> words, ref BlockScales scales)
    {
        BitPairs.Regroup(block.Qs, words);
        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockQ2_K block, ref BlockScales scales)
    {
        scales.D = block.D;
        scales.Min = block.DMin;
        scales.SubBlocks = block.Scales;
    }

    /// <summary>Searches scales and minima; see <see cref="SuperRanges"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ2_K block)
    {
        Span<byte> quants = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[32];
        block = default;
        (block.D, block.DMin) = SuperRanges.Quantize<Unsigned2>(
            x, importance, step: 0.2f, max: 15, scales[..16], scales[16..], quants);
        Nibbles.Pack(scales, block.Scales);
        BitPairs.Pack(quants, block.Qs);
    }
}
