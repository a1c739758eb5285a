using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 128 weights: q - 1 with 2-bit q, without a scale. The tensor has one scale, which follows its last row
/// (<c>GgufTensor.ReadScale</c>). The type belongs to bitnet.cpp, not to ggml.
/// Source: microsoft/BitNet, ggml-bitnet-mad.cpp <c>quantize_i2_s</c> for x86, the layout of published files. Its ARM builds use blocks of
/// 64 weights, and its later x86 builds put four rows into a byte; a file does not record which layout it has.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockI2_S : IQuantizedFormat<BlockI2_S>
{
    // The float16 bits of 1.
    private const ushort One = 0x3c00;

    /// <summary>Byte l, bits 6 - 2 i and 7 - 2 i: weight 32 i + l.</summary>
    public Bytes32 Qs;

    public static TensorType Type => TensorType.I2_S;

    public static int BlockWeights => 128;

    public static int BlockBytes => 32;

    public static QuantShape Shape => QuantShape.Of<TernaryCode>(ScaleKind.Half128);

    public static void Dequantize(in BlockI2_S block, Span<float> x)
    {
        for (int k = 0; k < 128; k++)
        {
            int quant = (block.Qs[k % 32] >> (6 - (k / 32 * 2))) & 3;
            x[k] = quant - 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockI2_S block, Span<byte> quants, ref BlockScales scales)
    {
        for (int k = 0; k < 128; k++)
        {
            quants[k] = (byte)((block.Qs[k % 32] >> (6 - (k / 32 * 2))) & 3);
        }

        scales.D = One;
    }
}
