using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: (d * (sc - 32)) * v[q] with 4-bit q, the values v of <see cref="NonLinear4"/>, and a 6-bit sc per 32
/// weights.
/// Source: ggml-common.h <c>block_iq4_xs</c>, ggml-quants.c <c>dequantize_row_iq4_xs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ4_XS : IQuantizedFormat<BlockIQ4_XS>
{
    public ushort D;

    /// <summary>Bits 2 i and 2 i + 1: high bits of scale i in 0..7.</summary>
    public ushort ScalesHigh;

    /// <summary>Nibble i (low nibble first): low bits of scale i in 0..7.</summary>
    public Bytes4 ScalesLow;

    /// <summary>Bytes 16 i..16 i + 15: low nibbles are weights 32 i..32 i + 15, high nibbles the next 16.</summary>
    public Bytes128 Qs;

    public static TensorType Type => TensorType.IQ4_XS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 136;

    public static QuantShape Shape => QuantShape.Of<NonLinearCode>(ScaleKind.SuperBlock32);

    public static void Dequantize(in BlockIQ4_XS block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BlockScales scales = default;
        Decompose(in block, quants, ref scales);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            x[k] = d * (sbyte)scales.SubBlocks[k / 32] * NonLinear4.Values[quants[k]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ4_XS block, Span<byte> quants, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        for (int i = 0; i < 8; i++)
        {
            Nibbles.Unpack(qs.Slice(16 * i, 16), quants.Slice(32 * i, 32));
        }

        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockIQ4_XS block, Span<uint> words, ref BlockScales scales)
    {
        MemoryMarshal.Cast<byte, uint>(block.Qs).CopyTo(words);
        ExtractScales(in block, ref scales);
    }

    /// <summary>Searches d and a scale per 32 weights; see <see cref="SuperScales"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ4_XS block)
    {
        block = default;
        Span<byte> quants = stackalloc byte[256];
        Span<sbyte> scales = stackalloc sbyte[8];
        block.D = SuperScales.Quantize<NonLinearCode>(x, importance, step: 4, steps: 32, scales, quants);
        for (int i = 0; i < 8; i++)
        {
            int scale = scales[i] + 32;
            block.ScalesLow[i / 2] |= (byte)((scale & 15) << (i % 2 * 4));
            block.ScalesHigh |= (ushort)(scale >> 4 << (2 * i));
            Nibbles.Pack(quants.Slice(32 * i, 32), ((Span<byte>)block.Qs).Slice(16 * i, 16));
        }
    }

    private static void ExtractScales(in BlockIQ4_XS block, ref BlockScales scales)
    {
        for (int i = 0; i < 8; i++)
        {
            int low = (block.ScalesLow[i / 2] >> (i % 2 * 4)) & 15;
            int high = (block.ScalesHigh >> (2 * i)) & 3;
            scales.SubBlocks[i] = (byte)(low + (high << 4) - 32);
        }

        scales.D = block.D;
    }
}
