using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * sc) * q - dmin * m with 4-bit q, and a 6-bit sc and m per 32 weights.
/// Source: ggml-common.h <c>block_q4_K</c>, ggml-quants.c <c>dequantize_row_q4_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ4_K : IQuantizedFormat<BlockQ4_K>
{
    public ushort D;

    public ushort DMin;

    /// <summary>Eight 6-bit scales and eight 6-bit minima in the bit order of <see cref="SixBitScales"/>.</summary>
    public Bytes12 Scales;

    /// <summary>Bytes 32 i..32 i + 31: low nibbles are weights 64 i..64 i + 31, high nibbles the next 32.</summary>
    public Bytes128 Qs;

    public static TensorType Type => TensorType.Q4_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 144;

    public static QuantShape Shape => QuantShape.Of<Unsigned4>(ScaleKind.SuperBlockMins);

    public static void Dequantize(in BlockQ4_K block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BlockScales scales = default;
        Decompose(in block, quants, ref scales);
        KQuantMins.Dequantize(quants, in scales, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ4_K block, Span<byte> quants, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            Nibbles.Unpack(qs.Slice(32 * i, 32), quants.Slice(64 * i, 64));
        }

        KQuantMins.ExtractScales(block.D, block.DMin, block.Scales, ref scales);
    }

    public static void Regroup(in BlockQ4_K block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            QuantWords.FromNibbles(qs.Slice(32 * i, 32), words.Slice(8 * i, 4), words.Slice((8 * i) + 4, 4));
        }

        KQuantMins.ExtractScales(block.D, block.DMin, block.Scales, ref scales);
    }

    /// <summary>Searches scales and minima; see <see cref="SuperRanges"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ4_K block)
    {
        Span<byte> quants = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[16];
        block = default;
        (block.D, block.DMin) = SuperRanges.Quantize<Unsigned4>(
            x, importance, step: 0.5f, max: 63, scales[..8], scales[8..], quants);
        SixBitScales.Pack(scales, block.Scales);
        Span<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            Nibbles.Pack(quants.Slice(64 * i, 64), qs.Slice(32 * i, 32));
        }
    }
}
