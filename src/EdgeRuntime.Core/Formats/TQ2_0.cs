using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (q - 1) with 2-bit q.
/// Source: ggml-common.h <c>block_tq2_0</c>, ggml-quants.c <c>dequantize_row_tq2_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockTQ2_0 : IQuantizedFormat<BlockTQ2_0>
{
    /// <summary>The quants in the order of <see cref="BitPairs"/>.</summary>
    public Bytes64 Qs;

    public ushort D;

    public static TensorType Type => TensorType.TQ2_0;

    public static int BlockWeights => 256;

    public static int BlockBytes => 66;

    public static QuantShape Shape => QuantShape.Of<TernaryCode>(ScaleKind.Half256);

    public static void Dequantize(in BlockTQ2_0 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        BitPairs.Unpack(block.Qs, quants);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            x[k] = (quants[k] - 1) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockTQ2_0 block, Span<byte> quants, ref BlockScales scales)
    {
        BitPairs.Unpack(block.Qs, quants);
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockTQ2_0 block, Span<uint> words, ref BlockScales scales)
    {
        BitPairs.Regroup(block.Qs, words);
        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockTQ2_0 block, ref BlockScales scales)
    {
        scales.D = block.D;
    }

    /// <summary>Divides by the largest magnitude and rounds to -1, 0 or 1; see <see cref="Ternary"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockTQ2_0 block)
    {
        Span<byte> quants = stackalloc byte[256];
        block = new() { D = Ternary.Quantize(x, quants) };
        BitPairs.Pack(quants, block.Qs);
    }
}
