using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Blocks of 128 weights: q - 1 with 2-bit q, to be multiplied by one scale for the whole tensor, which lies behind its rows
/// (<c>GgufTensor.ReadScale</c>). Not ggml's but bitnet.cpp's.
/// Source: microsoft/BitNet, ggml-bitnet-mad.cpp <c>quantize_i2_s</c> for x86, which published files follow; its builds for ARM have
/// blocks of 64 weights, its later ones for x86 put four rows into a byte, and a file does not tell.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockI2_S : IQuantizedFormat<BlockI2_S>
{
    // The float16 of 1.
    private const ushort One = 0x3c00;

    /// <summary>Byte l, bits 6 - 2 i, 7 - 2 i: weight 32 i + l.</summary>
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
