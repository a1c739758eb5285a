using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * sc) * q - dmin * m with 5-bit q, and a 6-bit sc and m per 32 weights.
/// Source: ggml-common.h <c>block_q5_K</c>, ggml-quants.c <c>dequantize_row_q5_K</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ5_K : IQuantizedFormat<BlockQ5_K>
{
    public ushort D;

    public ushort DMin;

    /// <summary>Eight 6-bit scales and eight 6-bit minima in the bit order of <see cref="SixBitScales"/>.</summary>
    public Bytes12 Scales;

    /// <summary>Bit s of byte l is the fifth bit of weight 32 s + l.</summary>
    public Bytes32 Qh;

    /// <summary>Bytes 32 i..32 i + 31: low nibbles are weights 64 i..64 i + 31, high nibbles the next 32.</summary>
    public Bytes128 Qs;

    public static TensorType Type => TensorType.Q5_K;

    public static int BlockWeights => 256;

    public static int BlockBytes => 176;

    public static QuantShape Shape => QuantShape.Of<Unsigned5>(ScaleKind.SuperBlockMins);

    public static void Dequantize(in BlockQ5_K block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BlockScales scales = default;
        Decompose(in block, quants, ref scales);
        KQuantMins.Dequantize(quants, in scales, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ5_K block, Span<byte> quants, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            Nibbles.Unpack(qs.Slice(32 * i, 32), quants.Slice(64 * i, 64));
        }

        ReadOnlySpan<ulong> high = MemoryMarshal.Cast<byte, ulong>(block.Qh);
        Span<ulong> eights = MemoryMarshal.Cast<byte, ulong>(quants)[..32];
        for (int i = 0; i < 32; i++)
        {
            eights[i] |= ((high[i % 4] >> (i / 4)) & 0x0101010101010101) << 4;
        }

        KQuantMins.ExtractScales(block.D, block.DMin, block.Scales, ref scales);
    }

    public static void Regroup(in BlockQ5_K block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        ReadOnlySpan<byte> qh = block.Qh;
        for (int i = 0; i < 4; i++)
        {
            Span<uint> two = words.Slice(10 * i, 10);
            QuantWords.FromNibbles(qs.Slice(32 * i, 32), two[..4], two.Slice(5, 4));
            two[4] = QuantWords.FifthBits(qh, 2 * i);
            two[9] = QuantWords.FifthBits(qh, (2 * i) + 1);
        }

        KQuantMins.ExtractScales(block.D, block.DMin, block.Scales, ref scales);
    }

    /// <summary>Searches scales and minima; see <see cref="SuperRanges"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ5_K block)
    {
        Span<byte> quants = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[16];
        block = default;
        (block.D, block.DMin) = SuperRanges.Quantize<Unsigned5>(
            x, importance, step: 0.5f, max: 63, scales[..8], scales[8..], quants);
        SixBitScales.Pack(scales, block.Scales);
        Span<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            Nibbles.Pack(quants.Slice(64 * i, 64), qs.Slice(32 * i, 32));
        }

        BitPairs.PackPlane(quants, 4, block.Qh);
    }
}
