using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 32 weights: d * q + m with 5-bit q.
/// Source: ggml-common.h <c>block_q5_1</c>, ggml-quants.c <c>dequantize_row_q5_1</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ5_1 : IQuantizedFormat<BlockQ5_1>, IEvenFormat<BlockQ5_1>
{
    public ushort D;

    public ushort M;

    /// <summary>Bit k is the fifth bit of weight k.</summary>
    public uint Qh;

    /// <summary>Low nibbles: weights 0..15; high nibbles: weights 16..31.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.Q5_1;

    public static int BlockWeights => 32;

    public static int BlockBytes => 24;

    public static QuantShape Shape => QuantShape.Of<Unsigned5>(ScaleKind.HalfAndMin);

    public static int MaxQuant => 31;

    public static bool IsCentered => false;

    public static void Dequantize(in BlockQ5_1 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Unpack(in block, quants);
        EvenSteps.DequantizeRange(quants, block.D, block.M, x);
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

    /// <summary>Quantizes with an importance: searches both ends; see <see cref="RangeSearch"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ5_1 block)
    {
        (ushort d, ushort m) = RangeSearch.Quantize<Unsigned5>(x, importance, step: 0.5f, out Vector256<byte> quants);
        block = default;
        Store(ref block, d, m, quants);
    }

    public static void Store(ref BlockQ5_1 block, ushort d, ushort m, Vector256<byte> quants)
    {
        block.D = d;
        block.M = m;
        Nibbles.Pack(quants).CopyTo(block.Qs);
        block.Qh = Nibbles.FifthBits(quants);
    }

    private static void Unpack(in BlockQ5_1 block, Span<byte> quants)
    {
        Nibbles.Unpack(block.Qs, quants);
        Nibbles.AddFifthBits(block.Qh, quants);
    }
}
