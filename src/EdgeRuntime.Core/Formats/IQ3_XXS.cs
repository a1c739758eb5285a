using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Super-blocks of 256 weights: d * (sc + 1/2) / 2 * v with 4-bit sc for 32 weights. Eight v at a time are two points of
/// <see cref="IQ3Grids.Xxs"/> and eight signs of which seven are stored.
/// Source: ggml-common.h <c>block_iq3_xxs</c>, ggml-quants.c <c>dequantize_row_iq3_xxs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ3_XXS : IQuantizedFormat<BlockIQ3_XXS>
{
    public ushort D;

    /// <summary>Byte i: the point of weights 4 i..4 i + 3.</summary>
    public Bytes64 Qs;

    /// <summary>An integer of four bytes for each 32 weights: 4 x 7 signs and sc on top.</summary>
    public Bytes32 SignsAndScales;

    public static TensorType Type => TensorType.IQ3_XXS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 98;

    public static QuantShape Shape => QuantShape.Of<Grid3Code>(ScaleKind.Nibbles32);

    public static void Dequantize(in BlockIQ3_XXS block, Span<float> x)
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        Unpack(in block, levels);
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            uint scale = words[k / 32] >> 28;
            x[k] = d * (0.5f + scale) * 0.5f * levels[k];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ3_XXS block, Span<byte> quants, ref BlockScales scales)
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        Unpack(in block, levels);
        LevelQuants<Grid3Code>.Find(levels, quants, unit: 2);
        TakeScales(in block, ref scales);
    }

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
        TakeScales(in block, ref scales);
    }

    private static void TakeScales(in BlockIQ3_XXS block, ref BlockScales scales)
    {
        scales.D = block.D;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        for (int i = 0; i < 8; i++)
        {
            scales.SubBlocks[i] = (byte)(words[i] >> 28);
        }
    }

    private static void Unpack(in BlockIQ3_XXS block, Span<sbyte> levels)
    {
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.SignsAndScales);
        for (int i = 0; i < 32; i++)
        {
            ulong point = Grid.Join(IQ3Grids.Xxs[block.Qs[2 * i]], IQ3Grids.Xxs[block.Qs[(2 * i) + 1]]);
            int signs = (int)(words[i / 4] >> (7 * (i % 4))) & 127;
            Grid.Sign(point, Grid.EvenSigns(signs), levels.Slice(8 * i, 8));
        }
    }
}
