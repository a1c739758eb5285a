using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (sc + 1/2) / 4 * v with a 4-bit sc per 16 weights. Each group of eight v is a point of
/// <see cref="IQ2Grids.S"/> with eight signs.
/// Source: ggml-common.h <c>block_iq2_s</c>, ggml-quants.c <c>dequantize_row_iq2_s</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ2_S : IGridFormat<BlockIQ2_S>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ2Grids.SDigits, IQ2Grids.Levels),
        Levels = [IQ2Grids.Levels],
        Signs = GridSigns.Free,
        GroupWeights = 16,
        LargestScale = 15,
        Trials = IQ2Grids.Trials,
        Stretch = 1.025f,
    };

    public ushort D;

    /// <summary>Byte i: low eight bits of the grid point of weights 8 i..8 i + 7.</summary>
    public Bytes32 Qs;

    /// <summary>Byte i: signs of weights 8 i..8 i + 7.</summary>
    public Bytes32 Signs;

    /// <summary>Bits 2 i and 2 i + 1: high bits of point i in 0..31.</summary>
    public Bytes8 Qh;

    /// <summary>Nibble i (low nibble first): sc of weights 16 i..16 i + 15.</summary>
    public Bytes8 Scales;

    public static TensorType Type => TensorType.IQ2_S;

    public static int BlockWeights => 256;

    public static int BlockBytes => 82;

    public static QuantShape Shape => QuantShape.Of<Grid2Code>(ScaleKind.Nibbles16);

    public static void Dequantize(in BlockIQ2_S block, Span<float> x) => Grid.Dequantize(in block, scaleWeights: 16, unit: 0.25f, x);

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ2_S block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        block.Signs = found.Signs;
        Nibbles.PackPairs(found.Scales, block.Scales);
        for (int i = 0; i < 32; i++)
        {
            block.Qs[i] = (byte)found.Points[i];
            block.Qh[i / 4] |= (byte)((found.Points[i] >> 8) << (i % 4 * 2));
        }
    }

    public static void Decompose(in BlockIQ2_S block, Span<byte> quants, ref BlockScales scales) =>
        Grid.Decompose<BlockIQ2_S, Grid2Code>(in block, quants, ref scales);

    public static void Regroup(in BlockIQ2_S block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<uint> signs = MemoryMarshal.Cast<byte, uint>(block.Signs);
        for (int i = 0; i < 8; i++)
        {
            ReadOnlySpan<byte> four = ((ReadOnlySpan<byte>)block.Qs).Slice(4 * i, 4);
            int high = block.Qh[i];
            ushort[] digits = IQ2Grids.SDigits;
            uint first = digits[four[0] | ((high & 3) << 8)] | ((uint)digits[four[1] | ((high & 12) << 6)] << 16);
            uint last = digits[four[2] | ((high & 0x30) << 4)] | ((uint)digits[four[3] | ((high & 0xc0) << 2)] << 16);
            Grid.Regroup(first, last, signs[i], words.Slice(3 * i, 3));
        }

        ExtractScales(in block, ref scales);
    }

    public static void ExtractScales(in BlockIQ2_S block, ref BlockScales scales)
    {
        scales.D = block.D;
        Nibbles.UnpackPairs(block.Scales, scales.SubBlocks);
    }

    public static void Unpack(in BlockIQ2_S block, Span<sbyte> levels)
    {
        for (int i = 0; i < 32; i++)
        {
            int high = (block.Qh[i / 4] >> (i % 4 * 2)) & 3;
            Grid.ApplySigns(IQ2Grids.S[block.Qs[i] | (high << 8)], block.Signs[i], levels.Slice(8 * i, 8));
        }
    }
}
