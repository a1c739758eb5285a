using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (2 sc + 1) * v with a 4-bit sc per 32 weights. Each group of four v is a point of
/// <see cref="IQ3Grids.S"/> with four signs.
/// Source: ggml-common.h <c>block_iq3_s</c>, ggml-quants.c <c>dequantize_row_iq3_s</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ3_S : IGridFormat<BlockIQ3_S>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ3Grids.SDigits, IQ3Grids.SLevels),
        Levels = [IQ3Grids.SLevels],
        Signs = GridSigns.Free,
        GroupWeights = 32,
        LargestScale = 15,
        Trials = IQ3Grids.Trials,
    };

    public ushort D;

    /// <summary>Byte i: low eight bits of the grid point of weights 4 i..4 i + 3.</summary>
    public Bytes64 Qs;

    /// <summary>Bit i: high bit of point i in 0..63.</summary>
    public Bytes8 Qh;

    /// <summary>Byte i: signs of weights 8 i..8 i + 7.</summary>
    public Bytes32 Signs;

    /// <summary>Nibble i (low nibble first): sc of weights 32 i..32 i + 31.</summary>
    public Bytes4 Scales;

    public static TensorType Type => TensorType.IQ3_S;

    public static int BlockWeights => 256;

    public static int BlockBytes => 110;

    public static QuantShape Shape => QuantShape.Of<OddCode>(ScaleKind.Nibbles32);

    public static void Dequantize(in BlockIQ3_S block, Span<float> x) => Grid.Dequantize(in block, scaleWeights: 32, unit: 2, x);

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ3_S block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        block.Signs = found.Signs;
        Nibbles.PackPairs(found.Scales, block.Scales);
        for (int i = 0; i < 64; i++)
        {
            block.Qs[i] = (byte)found.Points[i];
            block.Qh[i / 8] |= (byte)((found.Points[i] >> 8) << (i % 8));
        }
    }

    public static void Decompose(in BlockIQ3_S block, Span<byte> quants, ref BlockScales scales) =>
        Grid.Decompose<BlockIQ3_S, OddCode>(in block, quants, ref scales);

    public static void Regroup(in BlockIQ3_S block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        ReadOnlySpan<uint> allSigns = MemoryMarshal.Cast<byte, uint>(block.Signs);
        for (int i = 0; i < 8; i++)
        {
            uint signs = allSigns[i];
            int top = block.Qh[i];
            for (int g = 0; g < 4; g++)
            {
                int first = qs[(8 * i) + g] | (((top >> g) & 1) << 8);
                int second = qs[(8 * i) + 4 + g] | (((top >> (4 + g)) & 1) << 8);
                uint low = Grid.FourQuants(IQ3Grids.SDigits[first], signs >> (4 * g));
                uint high = Grid.FourQuants(IQ3Grids.SDigits[second], signs >> (16 + (4 * g)));
                words[(4 * i) + g] = low | (high << 4);
            }
        }

        ExtractScales(in block, ref scales);
    }

    public static void ExtractScales(in BlockIQ3_S block, ref BlockScales scales)
    {
        scales.D = block.D;
        Nibbles.UnpackPairs(block.Scales, scales.SubBlocks);
    }

    public static void Unpack(in BlockIQ3_S block, Span<sbyte> levels)
    {
        for (int i = 0; i < 32; i++)
        {
            ulong point = Grid.Join(Point(in block, 2 * i), Point(in block, (2 * i) + 1));
            Grid.ApplySigns(point, block.Signs[i], levels.Slice(8 * i, 8));
        }
    }

    private static uint Point(in BlockIQ3_S block, int i)
    {
        int high = (block.Qh[i / 8] >> (i % 8)) & 1;
        return IQ3Grids.S[block.Qs[i] | (high << 8)];
    }
}
