using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Super-blocks of 256 weights: d * (sc + 1/2) / 4 * v with 4-bit sc for 32 weights. Eight v at a time are a point of
/// <see cref="IQ2Grids.Xxs"/> and eight signs of which seven are stored.
/// Source: ggml-common.h <c>block_iq2_xxs</c>, ggml-quants.c <c>dequantize_row_iq2_xxs</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ2_XXS : IQuantizedFormat<BlockIQ2_XXS>
{
    public ushort D;

    /// <summary>
    /// Bytes 8 i..8 i + 7 for weights 32 i..32 i + 31: four points, a byte each; then, as an integer of four bytes, 4 x 7 signs and sc on
    /// top.
    /// </summary>
    public Bytes64 Qs;

    public static TensorType Type => TensorType.IQ2_XXS;

    public static int BlockWeights => 256;

    public static int BlockBytes => 66;

    public static QuantShape Shape => QuantShape.Of<Grid2Code>(ScaleKind.Nibbles32);

    public static void Dequantize(in BlockIQ2_XXS block, Span<float> x)
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        Unpack(in block, levels);
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.Qs);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            uint scale = words[(2 * (k / 32)) + 1] >> 28;
            x[k] = d * (0.5f + scale) * 0.25f * levels[k];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ2_XXS block, Span<byte> quants, ref BlockScales scales)
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        Unpack(in block, levels);
        LevelQuants<Grid2Code>.Find(levels, quants);
        TakeScales(in block, ref scales);
    }

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
        TakeScales(in block, ref scales);
    }

    private static void TakeScales(in BlockIQ2_XXS block, ref BlockScales scales)
    {
        scales.D = block.D;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 8; i++)
        {
            scales.SubBlocks[i] = (byte)(words[(2 * i) + 1] >> 28);
        }
    }

    private static void Unpack(in BlockIQ2_XXS block, Span<sbyte> levels)
    {
        ReadOnlySpan<byte> points = block.Qs;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 32; i++)
        {
            int signs = (int)(words[(2 * (i / 4)) + 1] >> (7 * (i % 4))) & 127;
            Grid.Sign(IQ2Grids.Xxs[points[(8 * (i / 4)) + (i % 4)]], Grid.EvenSigns(signs), levels.Slice(8 * i, 8));
        }
    }
}
