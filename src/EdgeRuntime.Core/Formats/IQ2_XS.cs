using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (sc + 1/2) / 4 * v with a 4-bit sc per 16 weights. Each group of eight v is a point of
/// <see cref="IQ2Grids.Xs"/> with eight signs, of which seven are stored.
/// Source: ggml-common.h <c>block_iq2_xs</c>, ggml-quants.c <c>dequantize_row_iq2_xs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ2_XS : IGridFormat<BlockIQ2_XS>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ2Grids.XsDigits, IQ2Grids.Levels),
        Levels = [IQ2Grids.Levels],
        Signs = GridSigns.Even,
        GroupWeights = 16,
        LargestScale = 15,
        Trials = IQ2Grids.Trials,
        Stretch = 1.03f,
    };

    public ushort D;

    /// <summary>Two bytes per eight weights: 9 bits for the grid point, 7 bits for the signs.</summary>
    public Bytes64 Qs;

    /// <summary>Nibble i (low nibble first): sc of weights 16 i..16 i + 15.</summary>
    public Bytes8 Scales;

    public static TensorType Type => TensorType.IQ2_XS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 74;

    public static QuantShape Shape => QuantShape.Of<Grid2Code>(ScaleKind.Nibbles16);

    public static void Dequantize(in BlockIQ2_XS block, Span<float> x) => Grid.Dequantize(in block, scaleWeights: 16, unit: 0.25f, x);

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ2_XS block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        Nibbles.PackPairs(found.Scales, block.Scales);
        Span<ushort> codes = MemoryMarshal.Cast<byte, ushort>((Span<byte>)block.Qs);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (ushort)(found.Points[i] | ((found.Signs[i] & 127) << 9));
        }
    }

    public static void Decompose(in BlockIQ2_XS block, Span<byte> quants, ref BlockScales scales) =>
        Grid.Decompose<BlockIQ2_XS, Grid2Code>(in block, quants, ref scales);

    public static void Regroup(in BlockIQ2_XS block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<ushort> codes = MemoryMarshal.Cast<byte, ushort>(block.Qs);
        for (int i = 0; i < 8; i++)
        {
            ReadOnlySpan<ushort> four = codes.Slice(4 * i, 4);
            ushort[] digits = IQ2Grids.XsDigits;
            uint first = digits[four[0] & 511] | ((uint)digits[four[1] & 511] << 16);
            uint last = digits[four[2] & 511] | ((uint)digits[four[3] & 511] << 16);
            int signs = Grid.EvenSigns(four[0] >> 9) | (Grid.EvenSigns(four[1] >> 9) << 8) | (Grid.EvenSigns(four[2] >> 9) << 16);
            Grid.Regroup(first, last, (uint)(signs | (Grid.EvenSigns(four[3] >> 9) << 24)), words.Slice(3 * i, 3));
        }

        ExtractScales(in block, ref scales);
    }

    public static void ExtractScales(in BlockIQ2_XS block, ref BlockScales scales)
    {
        scales.D = block.D;
        Nibbles.UnpackPairs(block.Scales, scales.SubBlocks);
    }

    public static void Unpack(in BlockIQ2_XS block, Span<sbyte> levels)
    {
        ReadOnlySpan<ushort> codes = MemoryMarshal.Cast<byte, ushort>(block.Qs);
        for (int i = 0; i < codes.Length; i++)
        {
            Grid.ApplySigns(IQ2Grids.Xs[codes[i] & 511], Grid.EvenSigns(codes[i] >> 9), levels.Slice(8 * i, 8));
        }
    }
}
