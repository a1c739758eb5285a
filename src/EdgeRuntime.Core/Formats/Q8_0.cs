using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 32 weights: d * q with signed 8-bit q.
/// Source: ggml-common.h <c>block_q8_0</c>, ggml-quants.c <c>dequantize_row_q8_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ8_0 : IQuantizedFormat<BlockQ8_0>
{
    public ushort D;

    /// <summary>Signed bytes.</summary>
    public Bytes32 Qs;

    public static TensorType Type => TensorType.Q8_0;

    public static int BlockWeights => 32;

    public static int BlockBytes => 34;

    public static QuantShape Shape => QuantShape.Of<Centered8>(ScaleKind.Half);

    public static bool IsScalesThenQuants => true;

    public static void Dequantize(in BlockQ8_0 block, Span<float> x)
    {
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 32; k++)
        {
            x[k] = (sbyte)block.Qs[k] * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ8_0 block, Span<byte> quants, ref BlockScales scales)
    {
        ReadOnlySpan<ulong> signed = MemoryMarshal.Cast<byte, ulong>(block.Qs);
        Span<ulong> unsigned = MemoryMarshal.Cast<byte, ulong>(quants)[..4];
        for (int i = 0; i < 4; i++)
        {
            unsigned[i] = signed[i] ^ 0x8080808080808080;
        }

        scales.D = block.D;
    }

    /// <summary>Quantizes with the scale that maps the largest magnitude to 127. Rounds to nearest, ties away from zero.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ8_0 block)
    {
        float d = Magnitudes.GreatestMagnitude(x) / 127;
        float inverse = d == 0 ? 0 : 1 / d;
        block = default;
        block.D = HalfBits.FromSingle(d);
        Span<byte> quants = block.Qs;
        for (int k = 0; k < 32; k += Vector256<float>.Count)
        {
            Vector256<float> number = Roundings.AwayFromZero(Vector256.Create(x[k..]) * inverse);
            Roundings.Store(Vector256.ConvertToInt32(number), quants[k..]);
        }
    }
}
