using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 64 weights: d * (q - 1) with 2-bit q.
/// Source: ggml-common.h <c>block_q2_0</c>, ggml-quants.c <c>dequantize_row_q2_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ2_0 : IQuantizedFormat<BlockQ2_0>
{
    public ushort D;

    /// <summary>Bits 2 k and 2 k + 1: weight k.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.Q2_0;

    public static int BlockWeights => 64;

    public static int BlockBytes => 18;

    public static QuantShape Shape => QuantShape.Of<TernaryCode>(ScaleKind.Half64);

    public static void Dequantize(in BlockQ2_0 block, Span<float> x)
    {
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 64; k++)
        {
            int quant = (block.Qs[k / 4] >> (k % 4 * 2)) & 3;
            x[k] = (quant - 1) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ2_0 block, Span<byte> quants, ref BlockScales scales)
    {
        for (int k = 0; k < 64; k++)
        {
            quants[k] = (byte)((block.Qs[k / 4] >> (k % 4 * 2)) & 3);
        }

        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockQ2_0 block, Span<uint> words, ref BlockScales scales)
    {
        ReadOnlySpan<uint> pairs = MemoryMarshal.Cast<byte, uint>(block.Qs);
        for (int i = 0; i < 4; i++)
        {
            words[i] = QuantWords.FromPairs(pairs[i]);
        }

        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockQ2_0 block, ref BlockScales scales)
    {
        scales.D = block.D;
    }

    /// <summary>Divides by the largest magnitude and rounds to -1, 0 or 1; see <see cref="Ternary"/>. The number 2 is never used.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ2_0 block)
    {
        Span<byte> quants = stackalloc byte[64];
        block = new() { D = Ternary.Quantize(x, quants) };
        Span<byte> qs = block.Qs;
        for (int i = 0; i < 16; i += 2)
        {
            // Joins two bits of neighboring bytes, then four of neighboring pairs of bytes, then eight.
            ulong pairs = BinaryPrimitives.ReadUInt64LittleEndian(quants[(4 * i)..]);
            pairs = (pairs | (pairs >> 6)) & 0x000f000f000f000f;
            pairs = (pairs | (pairs >> 12)) & 0x000000ff000000ff;
            BinaryPrimitives.WriteUInt16LittleEndian(qs[i..], (ushort)(pairs | (pairs >> 24)));
        }
    }
}
