using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (sc + 1/2) / 4 * v with a 4-bit sc per 32 weights. Each group of eight v is a point of
/// <see cref="IQ2Grids.Xxs"/> with eight signs, of which seven are stored.
/// Source: ggml-common.h <c>block_iq2_xxs</c>, ggml-quants.c <c>dequantize_row_iq2_xxs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ2_XXS : IGridFormat<BlockIQ2_XXS>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ2Grids.XxsDigits, IQ2Grids.Levels),
        Levels = [IQ2Grids.Levels],
        Signs = GridSigns.Even,
        GroupWeights = 32,
        LargestScale = 15,
        Trials = IQ2Grids.Trials,
        Stretch = 1.03f,
    };

    public ushort D;

    /// <summary>
    /// Bytes 8 i..8 i + 7 hold weights 32 i..32 i + 31: four grid points of one byte each, then a 32-bit integer with 4 x 7 signs in the
    /// low bits and sc in the top four bits.
    /// </summary>
    public Bytes64 Qs;

    public static TensorType Type => TensorType.IQ2_XXS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 66;

    public static QuantShape Shape => QuantShape.Of<Grid2Code>(ScaleKind.Nibbles32);

    public static void Dequantize(in BlockIQ2_XXS block, Span<float> x) => Grid.Dequantize(in block, scaleWeights: 32, unit: 0.25f, x);

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ2_XXS block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        Span<uint> words = MemoryMarshal.Cast<byte, uint>((Span<byte>)block.Qs);
        for (int i = 0; i < 8; i++)
        {
            for (int k = 0; k < 4; k++)
            {
                block.Qs[(8 * i) + k] = (byte)found.Points[(4 * i) + k];
            }

            words[(2 * i) + 1] = Grid.SevenSigns32(found.Signs, i) | ((uint)found.Scales[i] << 28);
        }
    }

    public static void Decompose(in BlockIQ2_XXS block, Span<byte> quants, ref BlockScales scales) =>
        Grid.Decompose<BlockIQ2_XXS, Grid2Code>(in block, quants, ref scales);

    public static void Regroup(in BlockIQ2_XXS block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> points = block.Qs;
        ReadOnlySpan<uint> packed = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 8; i++)
        {
            ReadOnlySpan<byte> four = points.Slice(8 * i, 4);
            ushort[] digits = IQ2Grids.XxsDigits;
            uint first = digits[four[0]] | ((uint)digits[four[1]] << 16);
            uint last = digits[four[2]] | ((uint)digits[four[3]] << 16);
            Grid.Regroup(first, last, Grid.EvenSigns32(packed[(2 * i) + 1]), words.Slice(3 * i, 3));
        }

        ExtractScales(in block, ref scales);
    }

    public static void ExtractScales(in BlockIQ2_XXS block, ref BlockScales scales)
    {
        scales.D = block.D;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 8; i++)
        {
            scales.SubBlocks[i] = (byte)(words[(2 * i) + 1] >> 28);
        }
    }

    public static void Unpack(in BlockIQ2_XXS block, Span<sbyte> levels)
    {
        ReadOnlySpan<byte> points = block.Qs;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 32; i++)
        {
            int signs = (int)(words[(2 * (i / 4)) + 1] >> (7 * (i % 4))) & 127;
            Grid.ApplySigns(IQ2Grids.Xxs[points[(8 * (i / 4)) + (i % 4)]], Grid.EvenSigns(signs), levels.Slice(8 * i, 8));
        }
    }
}
