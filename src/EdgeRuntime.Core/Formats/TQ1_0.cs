using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A super-block of 256 weights: d * (q - 1) with q in 0..2, five per byte. A byte is the base-3 fraction 0.q0 q1 q2 q3 q4 in units of
/// 1/256, rounded up. Multiplying by 3 moves q0 before the point, multiplying the rest by 3 gives q1, and so on.
/// Source: ggml-common.h <c>block_tq1_0</c>, ggml-quants.c <c>dequantize_row_tq1_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockTQ1_0 : IQuantizedFormat<BlockTQ1_0>
{
    /// <summary>Digit n of byte l: weight 32 n + l.</summary>
    public Bytes32 Qs;

    /// <summary>Digit n of byte l: weight 160 + 16 n + l.</summary>
    public Bytes16 QsMiddle;

    /// <summary>Digit n of byte l, only four digits: weight 240 + 4 n + l.</summary>
    public Bytes4 Qh;

    public ushort D;

    public static TensorType Type => TensorType.TQ1_0;

    public static int BlockWeights => 256;

    public static int BlockBytes => 54;

    public static QuantShape Shape => QuantShape.Of<TernaryCode>(ScaleKind.Half256);

    public static void Dequantize(in BlockTQ1_0 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[256];
        Unpack(in block, quants);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 256; k++)
        {
            x[k] = (quants[k] - 1) * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockTQ1_0 block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        scales.D = block.D;
    }

    /// <summary>Divides by the largest magnitude and rounds to -1, 0 or 1; see <see cref="Ternary"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockTQ1_0 block)
    {
        Span<byte> quants = stackalloc byte[256];
        block = new() { D = Ternary.Quantize(x, quants) };
        Pack(quants[..160], block.Qs);
        Pack(quants[160..240], block.QsMiddle);
        Pack(quants[240..], block.Qh);
    }

    private static void Unpack(in BlockTQ1_0 block, Span<byte> quants)
    {
        Unpack(block.Qs, quants[..160]);
        Unpack(block.QsMiddle, quants[160..240]);
        Unpack(block.Qh, quants[240..]);
    }

    private static void Unpack(ReadOnlySpan<byte> packed, Span<byte> quants)
    {
        for (int l = 0; l < packed.Length; l++)
        {
            byte fraction = packed[l];
            for (int k = l; k < quants.Length; k += packed.Length)
            {
                quants[k] = (byte)(fraction * 3 >> 8);
                fraction *= 3;
            }
        }
    }

    /// <summary>Packs digits, four bytes at a time: a number has at most five digits, so no step carries into the next byte.</summary>
    private static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        const int Digits = 5;
        const int Values = 243;
        for (int l = 0; l < packed.Length; l += sizeof(uint))
        {
            uint numbers = 0;
            for (int n = 0; n < Digits; n++)
            {
                int k = (n * packed.Length) + l;
                numbers = (3 * numbers) + (k < quants.Length ? BinaryPrimitives.ReadUInt32LittleEndian(quants[k..]) : 0);
            }

            for (int i = 0; i < sizeof(uint); i++)
            {
                packed[l + i] = (byte)(((((numbers >> (8 * i)) & 255) * 256) + Values - 1) / Values);
            }
        }
    }
}
