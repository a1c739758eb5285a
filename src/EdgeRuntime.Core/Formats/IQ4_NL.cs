using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 32 weights: d * v[q] with 4-bit q and the values v of <see cref="NonLinear4"/>.
/// Source: ggml-common.h <c>block_iq4_nl</c>, ggml-quants.c <c>dequantize_row_iq4_nl</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockIQ4_NL : IQuantizedFormat<BlockIQ4_NL>
{
    public ushort D;

    /// <summary>Low nibbles: weights 0..15; high nibbles: weights 16..31.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.IQ4_NL;

    public static int BlockWeights => 32;

    public static int BlockBytes => 18;

    public static QuantShape Shape => QuantShape.Of<NonLinearCode>(ScaleKind.Half);

    public static bool IsScalesThenQuants => true;

    public static void Dequantize(in BlockIQ4_NL block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Nibbles.Unpack(block.Qs, quants);
        float d = HalfBits.ToSingle(block.D);
        for (int k = 0; k < 32; k++)
        {
            x[k] = d * NonLinear4.Values[quants[k]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockIQ4_NL block, Span<byte> quants, ref BlockScales scales)
    {
        Nibbles.Unpack(block.Qs, quants);
        scales.D = block.D;
    }

    /// <summary>Searches the scale; see <see cref="ScaleSearch"/>.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockIQ4_NL block)
    {
        block = new() { D = ScaleSearch.Quantize<NonLinearCode>(x, importance, step: 4, out Vector256<byte> quants) };
        Nibbles.Pack(quants).CopyTo(block.Qs);
    }
}
