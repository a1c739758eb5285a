using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (2 sc + 1) * (v + shift) with a 3-bit sc and a shift of 1/8 or -1/8 per 32 weights. Each group of
/// eight v is a point of <see cref="IQ1Grid"/>.
/// Source: ggml-common.h <c>block_iq1_s</c>, ggml-quants.c <c>dequantize_row_iq1_s</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ1_S : IQuantizedFormat<BlockIQ1_S>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ1Grid.Digits, IQ1Grid.Levels[0]),
        Levels = IQ1Grid.Levels,
        Signs = GridSigns.InPoints,
        GroupWeights = 32,
        LargestScale = 7,
        Trials = IQ1Grid.Trials,
        Stretch = 1.08f,
        RanksTrials = true,
    };

    public ushort D;

    /// <summary>Byte i: low eight bits of the grid point of weights 8 i..8 i + 7.</summary>
    public Bytes32 Qs;

    /// <summary>
    /// A 16-bit integer per 32 weights, from the lowest bit: the high three bits of four points, sc, and the sign bit of the shift.
    /// </summary>
    public Bytes16 Qh;

    public static TensorType Type => TensorType.IQ1_S;

    public static int BlockWeights => 256;

    public static int BlockBytes => 50;

    public static QuantShape Shape => QuantShape.Of<Unsigned2>(ScaleKind.Eighths);

    public static void Dequantize(in BlockIQ1_S block, Span<float> x)
    {
        Span<sbyte> eighths = stackalloc sbyte[256];
        Unpack(in block, eighths);
        ReadOnlySpan<ushort> high = MemoryMarshal.Cast<byte, ushort>(block.Qh);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            int scale = (high[k / 32] >> 12) & 7;
            x[k] = d * ((2 * scale) + 1) * (eighths[k] / 8f);
        }
    }

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ1_S block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        block.D = found.D;
        Span<ushort> high = MemoryMarshal.Cast<byte, ushort>((Span<byte>)block.Qh);
        for (int i = 0; i < 32; i++)
        {
            block.Qs[i] = (byte)found.Points[i];
            high[i / 4] |= (ushort)((found.Points[i] >> 8) << (3 * (i % 4)));
        }

        for (int i = 0; i < 8; i++)
        {
            high[i] |= (ushort)((found.Scales[i] << 12) | (found.Lowered[4 * i] << 15));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ1_S block, Span<byte> quants, ref BlockScales scales)
    {
        Span<sbyte> eighths = stackalloc sbyte[256];
        Unpack(in block, eighths);
        IQ1Grid.ToQuants(eighths, quants);
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockIQ1_S block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<ushort> high = MemoryMarshal.Cast<byte, ushort>(block.Qh);
        for (int i = 0; i < 16; i++)
        {
            int bits = high[i / 2] >> (6 * (i % 2));
            uint first = IQ1Grid.Digits[block.Qs[2 * i] | ((bits & 7) << 8)];
            uint second = IQ1Grid.Digits[block.Qs[(2 * i) + 1] | ((bits & 0x38) << 5)];
            words[i] = QuantWords.FromPairs(first | (second << 16));
        }

        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockIQ1_S block, ref BlockScales scales)
    {
        scales.D = block.D;
        ReadOnlySpan<ushort> high = MemoryMarshal.Cast<byte, ushort>(block.Qh);
        for (int i = 0; i < 8; i++)
        {
            // v = q - 1, so v + 1/8 = q - 7/8 and v - 1/8 = q - 9/8.
            int minimum = (high[i] & 0x8000) != 0 ? 9 : 7;
            scales.SubBlocks[i] = (byte)((2 * ((high[i] >> 12) & 7)) + 1 + (minimum << 4));
        }
    }

    private static void Unpack(in BlockIQ1_S block, Span<sbyte> eighths)
    {
        ReadOnlySpan<ushort> high = MemoryMarshal.Cast<byte, ushort>(block.Qh);
        for (int i = 0; i < 32; i++)
        {
            int bits = high[i / 4];
            int point = block.Qs[i] | (((bits >> (3 * (i % 4))) & 7) << 8);
            IQ1Grid.Shift(point, (bits & 0x8000) != 0, eighths.Slice(8 * i, 8));
        }
    }
}
