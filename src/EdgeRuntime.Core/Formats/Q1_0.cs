using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 128 weights, each d or -d, with one bit per weight.
/// Source: ggml-common.h <c>block_q1_0</c>, ggml-quants.c <c>dequantize_row_q1_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ1_0 : IQuantizedFormat<BlockQ1_0>
{
    public ushort D;

    /// <summary>Bit k: 1 if weight k is d, 0 if it is -d.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.Q1_0;

    public static int BlockWeights => 128;

    public static int BlockBytes => 18;

    public static QuantShape Shape => QuantShape.Of<PlusMinus>(ScaleKind.Half128);

    public static void Dequantize(in BlockQ1_0 block, Span<float> x)
    {
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 128; k++)
        {
            x[k] = ((block.Qs[k / 8] >> (k % 8)) & 1) != 0 ? d : -d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ1_0 block, Span<byte> quants, ref BlockScales scales)
    {
        for (int k = 0; k < 128; k++)
        {
            quants[k] = (byte)((block.Qs[k / 8] >> (k % 8)) & 1);
        }

        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockQ1_0 block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 4; i++)
        {
            words[i] = QuantWords.FifthBits(bits[i]);
        }

        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockQ1_0 block, ref BlockScales scales)
    {
        scales.D = block.D;
    }

    /// <summary>Quantizes to the signs and the mean magnitude.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ1_0 block)
    {
        block = default;
        float sum = 0;
        for (int k = 0; k < 128; k++)
        {
            sum += MathF.Abs(x[k]);
            block.Qs[k / 8] |= (byte)((x[k] >= 0 ? 1 : 0) << (k % 8));
        }

        block.D = HalfBits.FromSingle(sum / 128);
    }
}
