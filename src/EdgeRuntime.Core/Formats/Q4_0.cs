using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Blocks of 32 weights: d * (q - 8) with 4-bit q. Source: ggml-common.h <c>block_q4_0</c>, ggml-quants.c <c>dequantize_row_q4_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ4_0 : IQuantizedFormat<BlockQ4_0>
{
    public ushort D;

    /// <summary>Low nibbles: weights 0..15; high nibbles: 16..31.</summary>
    public Bytes16 Qs;


    public static TensorType Type => TensorType.Q4_0;

    public static int BlockWeights => 32;

    public static int BlockBytes => 18;

    public static QuantShape Shape => QuantShape.Of<Centered4>(ScaleKind.Half);

    public static bool IsScalesThenQuants => true;

    public static void Dequantize(in BlockQ4_0 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Unpack(in block, quants);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 32; k++)
        {
            x[k] = (quants[k] - 8) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ4_0 block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        scales.D = block.D;
    }

    /// <summary>Maps the weight of greatest magnitude to quant 0, the one end of the range that has 8 steps.</summary>
    public static void Quantize(ReadOnlySpan<float> x, out BlockQ4_0 block)
    {
        float greatest = Magnitudes.Greatest(x);
        float d = greatest / -8;
        float inverse = d == 0 ? 0 : 1 / d;
        Span<byte> quants = stackalloc byte[32];
        for (int k = 0; k < 32; k++)
        {
            quants[k] = (byte)Math.Min(15, (int)((x[k] * inverse) + 8.5f));
        }

        block = new() { D = HalfBits.FromSingle(d) };
        Nibbles.Pack(quants, block.Qs);
    }

    private static void Unpack(in BlockQ4_0 block, Span<byte> quants) => Nibbles.Unpack(block.Qs, quants);
}
