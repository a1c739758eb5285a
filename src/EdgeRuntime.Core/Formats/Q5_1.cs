using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Blocks of 32 weights: d * q + m with 5-bit q. Source: ggml-common.h <c>block_q5_1</c>, ggml-quants.c <c>dequantize_row_q5_1</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ5_1 : IQuantizedFormat<BlockQ5_1>
{
    public ushort D;

    public ushort M;

    /// <summary>Bit k is the fifth bit of weight k.</summary>
    public uint Qh;

    /// <summary>Low nibbles: weights 0..15; high nibbles: 16..31.</summary>
    public Bytes16 Qs;


    public static TensorType Type => TensorType.Q5_1;

    public static int BlockWeights => 32;

    public static int BlockBytes => 24;

    public static QuantShape Shape => QuantShape.Of<Unsigned5>(ScaleKind.HalfAndMin);

    public static void Dequantize(in BlockQ5_1 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Unpack(in block, quants);
        float d = HalfBits.ToSingle(block.D);
        float m = HalfBits.ToSingle(block.M);
        for (int k = 0; k < 32; k++)
        {
            x[k] = (quants[k] * d) + m;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ5_1 block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        scales.D = block.D;
        scales.Min = block.M;
    }

    public static void Regroup(in BlockQ5_1 block, Span<uint> words, ref BlockScales scales)
    {
        MemoryMarshal.Cast<byte, uint>(block.Qs).CopyTo(words);
        words[4] = QuantWords.FifthBits(block.Qh);
        scales.D = block.D;
        scales.Min = block.M;
    }

    /// <summary>Spreads the quants evenly from the smallest weight to the greatest.</summary>
    public static void Quantize(ReadOnlySpan<float> x, out BlockQ5_1 block)
    {
        float min = float.MaxValue;
        float max = -float.MaxValue;
        foreach (float value in x)
        {
            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        float d = (max - min) / 31;
        float inverse = d == 0 ? 0 : 1 / d;
        Span<byte> quants = stackalloc byte[32];
        for (int k = 0; k < 32; k++)
        {
            quants[k] = (byte)Math.Min(31, (int)(((x[k] - min) * inverse) + 0.5f));
        }

        block = new() { D = HalfBits.FromSingle(d), M = HalfBits.FromSingle(min) };
        Nibbles.Pack(quants, block.Qs);
        block.Qh = Nibbles.FifthBits(quants);
    }

    private static void Unpack(in BlockQ5_1 block, Span<byte> quants)
    {
        Nibbles.Unpack(block.Qs, quants);
        Nibbles.AddFifthBits(block.Qh, quants);
    }
}
