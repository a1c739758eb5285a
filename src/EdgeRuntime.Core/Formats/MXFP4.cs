using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Blocks of 32 weights: 2^(e - 128) * v[q] with 4-bit q and the values v of <see cref="Float4"/>.
/// Source: ggml-common.h <c>block_mxfp4</c>, ggml-quants.c <c>dequantize_row_mxfp4</c>; OCP Microscaling Formats 1.0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockMXFP4 : IQuantizedFormat<BlockMXFP4>
{
    // Of a float32.
    private const int ExponentBias = 127;
    private const int MantissaBits = 23;

    // Exponent of 4, the greatest power of two among the 4-bit floats.
    private const int GreatestExponent = 2;

    /// <summary>An exponent alone (E8M0).</summary>
    public byte E;

    /// <summary>Low nibbles: weights 0..15; high nibbles: 16..31.</summary>
    public Bytes16 Qs;

    public static TensorType Type => TensorType.MXFP4;

    public static int BlockWeights => 32;

    public static int BlockBytes => 17;

    public static QuantShape Shape => QuantShape.Of<Float4Code>(ScaleKind.Exponent);

    public static void Dequantize(in BlockMXFP4 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[32];
        Nibbles.Unpack(block.Qs, quants);
        float d = Scale(block.E);
        for (int k = 0; k < 32; k++)
        {
            x[k] = Float4.Values[quants[k]] * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockMXFP4 block, Span<byte> quants, ref BlockScales scales)
    {
        Nibbles.Unpack(block.Qs, quants);
        TakeScales(in block, ref scales);
    }

    public static void Regroup(in BlockMXFP4 block, Span<uint> words, ref BlockScales scales)
    {
        MemoryMarshal.Cast<byte, uint>(block.Qs).CopyTo(words);
        TakeScales(in block, ref scales);
    }

    private static void TakeScales(in BlockMXFP4 block, ref BlockScales scales)
    {
        scales.SubBlocks[0] = block.E;
    }

    /// <summary>Takes the exponent from the greatest magnitude and rounds to the nearest.</summary>
    public static void Quantize(ReadOnlySpan<float> x, out BlockMXFP4 block)
    {
        float greatest = MathF.Abs(Magnitudes.Greatest(x));
        int exponent = greatest > 0 ? (int)MathF.Floor(MathF.Log2(greatest)) - GreatestExponent + ExponentBias : 0;
        block = new() { E = (byte)Math.Max(exponent, 0) };
        float d = Scale(block.E);
        Span<byte> quants = stackalloc byte[32];
        for (int k = 0; k < 32; k++)
        {
            quants[k] = (byte)Float4.Nearest(x[k], d);
        }

        Nibbles.Pack(quants, block.Qs);
    }

    /// <summary>2^(e - 128), half of what e says: the values are doubled. The two least are denormal.</summary>
    private static float Scale(byte e) => BitConverter.Int32BitsToSingle(e < 2 ? 1 << (MantissaBits - 2 + e) : (e - 1) << MantissaBits);
}
