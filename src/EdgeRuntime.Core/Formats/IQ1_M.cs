using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (2 sc + 1) * (v + shift) with a 3-bit sc per 16 weights and a shift of 1/8 or -1/8 per 8 weights. Each
/// group of eight v is a point of <see cref="IQ1Grid"/>.
/// Source: ggml-common.h <c>block_iq1_m</c>, ggml-quants.c <c>dequantize_row_iq1_m</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ1_M : IQuantizedFormat<BlockIQ1_M>
{
    private static readonly GridCoding _coding = new()
    {
        Points = new(IQ1Grid.Digits, IQ1Grid.Levels[0]),
        Levels = IQ1Grid.Levels,
        ChoosesLevelsPerPoint = true,
        Signs = GridSigns.InPoints,
        GroupWeights = 16,
        LargestScale = 7,
        Trials = IQ1Grid.Trials,
        Stretch = 1.07f,
        RanksTrials = true,
    };

    /// <summary>Byte i: low eight bits of the grid point of weights 8 i..8 i + 7.</summary>
    public Bytes32 Qs;

    /// <summary>Nibble i (low nibble first): high three bits of point i, then the sign bit of its shift.</summary>
    public Bytes16 Qh;

    /// <summary>
    /// Four 16-bit integers. Each holds four sc, the first in the lowest bits, and in its top four bits a quarter of the float16 d, lowest
    /// first.
    /// </summary>
    public Bytes8 Scales;

    public static TensorType Type => TensorType.IQ1_M;

    public static int BlockWeights => 256;

    public static int BlockBytes => 56;

    public static QuantShape Shape => QuantShape.Of<ShiftedTernary>(ScaleKind.Nibbles16Shifts);

    public static void Dequantize(in BlockIQ1_M block, Span<float> x)
    {
        Span<sbyte> eighths = stackalloc sbyte[256];
        Unpack(in block, eighths);
        ReadOnlySpan<ushort> scales = MemoryMarshal.Cast<byte, ushort>(block.Scales);
        float d = HalfBits.ToSingle(D(scales));
        for (int k = 0; k < 256; k++)
        {
            int scale = (scales[k / 64] >> (k % 64 / 16 * 3)) & 7;
            x[k] = d * ((2 * scale) + 1) * (eighths[k] / 8f);
        }
    }

    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ1_M block)
    {
        GridQuantizer.Quantize(_coding, x, importance, out GridBlock found);
        block = default;
        for (int i = 0; i < 32; i++)
        {
            block.Qs[i] = (byte)found.Points[i];
            block.Qh[i / 2] |= (byte)(((found.Points[i] >> 8) | (found.Lowered[i] << 3)) << (i % 2 * 4));
        }

        Span<ushort> scales = MemoryMarshal.Cast<byte, ushort>((Span<byte>)block.Scales);
        for (int i = 0; i < 16; i++)
        {
            scales[i / 4] |= (ushort)(found.Scales[i] << (i % 4 * 3));
        }

        for (int i = 0; i < 4; i++)
        {
            scales[i] |= (ushort)(((found.D >> (4 * i)) & 15) << 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ1_M block, Span<byte> quants, ref BlockScales scales)
    {
        Span<sbyte> eighths = stackalloc sbyte[256];
        Unpack(in block, eighths);
        IQ1Grid.ToQuants(eighths, quants);
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockIQ1_M block, Span<uint> words, ref BlockScales scales)
    {
        for (int i = 0; i < 16; i++)
        {
            uint first = IQ1Grid.Digits[block.Qs[2 * i] | ((block.Qh[i] & 7) << 8)];
            uint second = IQ1Grid.Digits[block.Qs[(2 * i) + 1] | ((block.Qh[i] & 0x70) << 4)];
            words[i] = QuantWords.FromPairs(first | (second << 16));
        }

        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockIQ1_M block, ref BlockScales scales)
    {
        ReadOnlySpan<ushort> packed = MemoryMarshal.Cast<byte, ushort>(block.Scales);
        scales.D = D(packed);
        for (int i = 0; i < 16; i++)
        {
            scales.SubBlocks[i] = (byte)((packed[i / 4] >> (i % 4 * 3)) & 7);
        }

        scales.Shifts = 0;
        for (int i = 0; i < 32; i++)
        {
            bool isUp = ((block.Qh[i / 2] >> (i % 2 * 4)) & 8) == 0;
            scales.Shifts |= (isUp ? 1u : 0) << i;
        }
    }

    private static void Unpack(in BlockIQ1_M block, Span<sbyte> eighths)
    {
        for (int i = 0; i < 32; i++)
        {
            int high = block.Qh[i / 2] >> (i % 2 * 4);
            IQ1Grid.Shift(block.Qs[i] | ((high & 7) << 8), (high & 8) != 0, eighths.Slice(8 * i, 8));
        }
    }

    private static ushort D(ReadOnlySpan<ushort> scales) =>
        (ushort)((scales[0] >> 12) | (scales[1] >> 12 << 4) | (scales[2] >> 12 << 8) | (scales[3] >> 12 << 12));
}
