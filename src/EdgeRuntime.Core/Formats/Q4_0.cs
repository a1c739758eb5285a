using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 32 weights: d * (q - 8) with 4-bit q.
/// Source: ggml-common.h <c>block_q4_0</c>, ggml-quants.c <c>dequantize_row_q4_0</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockQ4_0 : IQuantizedFormat<BlockQ4_0>, IEvenFormat<BlockQ4_0>
{
    public ushort D;

    /// <summary>Low nibbles: weights 0..15; high nibbles: weights 16..31.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.Q4_0;

    public static int BlockWeights => 32;

    public static int BlockBytes => 18;

    public static QuantShape Shape => QuantShape.Of<Centered4>(ScaleKind.Half);

    public static bool IsScalesThenQuants => true;

    public static int MaxQuant => 15;

    public static bool IsCentered => true;

    public static void Dequantize(in BlockQ4_0 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Unpack(in block, quants);
        EvenSteps.DequantizeCentered(quants, 8, block.D, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockQ4_0 block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        scales.D = block.D;
    }

    /// <summary>Quantizes with an importance: searches the scale; see <see cref="ScaleSearch"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockQ4_0 block)
    {
        ushort d = ScaleSearch.Quantize<Centered4>(x, importance, step: 0.25f, out Vector256<byte> quants);
        block = default;
        Store(ref block, d, m: 0, quants);
    }

    public static void Store(ref BlockQ4_0 block, ushort d, ushort m, Vector256<byte> quants)
    {
        block.D = d;
        Nibbles.Pack(quants).CopyTo(block.Qs);
    }

    private static void Unpack(in BlockQ4_0 block, Span<byte> quants) => Nibbles.Unpack(block.Qs, quants);
}
