using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (sc + 1/2) / 2 * v with a 4-bit sc per 32 weights. Each group of eight v consists of two points of
/// <see cref="IQ3Grids.Xxs"/> with eight signs, of which seven are stored.
/// Source: ggml-common.h <c>block_iq3_xxs</c>, ggml-quants.c <c>dequantize_row_iq3_xxs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ3_XXS : IGridFormat<BlockIQ3_XXS>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ3Grids.XxsDigits, IQ3Grids.XxsLevels),
        Levels = [IQ3Grids.XxsLevels],
        Signs = GridSigns.Even,
        GroupWeights = 32,
        LargestScale = 15,
        Trials = IQ3Grids.Trials,
    };

    public ushort D;

    /// <summary>Byte i: the grid point of weights 4 i..4 i + 3.</summary>
    public Bytes64 Qs;

    /// <summary>A 32-bit integer per 32 weights: 4 x 7 signs in the low bits and sc in the top four bits.</summary>
    public Bytes32 SignsAndScales;

    public static TensorType Type => TensorType.IQ3_XXS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 98;

    public static QuantShape Shape => QuantShape.Of<Grid3Code>(ScaleKind.Nibbles32);

    public static void Dequantize(in BlockIQ3_XXS block, Span<float> x) => Grid.Dequantize(in block, scaleWeights: 32, unit: 0.5f, x);

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ3_XXS block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        for (int i = 0; i < 64; i++)
        {
            block.Qs[i] = (byte)found.Points[i];
        }

        Span<uint> words = MemoryMarshal.Cast<byte, uint>((Span<byte>)block.SignsAndScales);
        for (int i = 0; i < 8; i++)
        {
            words[i] = Grid.SevenSigns32(found.Signs, i) | ((uint)found.Scales[i] << 28);
        }
    }

    public static void Decompose(in BlockIQ3_XXS block, Span<byte> quants, ref BlockScales scales) =>
        Grid.Decompose<BlockIQ3_XXS, Grid3Code>(in block, quants, ref scales, levelUnit: 2);

    public static void Regroup(in BlockIQ3_XXS block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        ReadOnlySpan<uint> packed = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        for (int i = 0; i < 8; i++)
        {
            uint signs = Grid.EvenSigns32(packed[i]);
            for (int g = 0; g < 4; g++)
            {
                uint low = Grid.FourQuants(IQ3Grids.XxsDigits[qs[(8 * i) + g]], signs >> (4 * g));
                uint high = Grid.FourQuants(IQ3Grids.XxsDigits[qs[(8 * i) + 4 + g]], signs >> (16 + (4 * g)));
                words[(4 * i) + g] = low | (high << 4);
            }
        }

        ExtractScales(in block, ref scales);
    }

    public static void ExtractScales(in BlockIQ3_XXS block, ref BlockScales scales)
    {
        scales.D = block.D;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        for (int i = 0; i < 8; i++)
        {
            scales.SubBlocks[i] = (byte)(words[i] >> 28);
        }
    }

    public static void Unpack(in BlockIQ3_XXS block, Span<sbyte> levels)
    {
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        for (int i = 0; i < 32; i++)
        {
            ulong point = Grid.Join(IQ3Grids.Xxs[block.Qs[2 * i]], IQ3Grids.Xxs[block.Qs[(2 * i) + 1]]);
            int signs = (int)(words[i / 4] >> (7 * (i % 4))) & 127;
            Grid.ApplySigns(point, Grid.EvenSigns(signs), levels.Slice(8 * i, 8));
        }
    }
}
