using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 32 weights: 2^(e - 128) * v[q] with 4-bit q and the values v of <see cref="Float4"/>.
/// Source: ggml-common.h <c>block_mxfp4</c>, ggml-quants.c <c>dequantize_row_mxfp4</c>; OCP Microscaling Formats 1.0.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockMXFP4 : IQuantizedFormat<BlockMXFP4>
{
    // The layout of a float32.
    private const int ExponentBias = 127;
    private const int MantissaBits = 23;

    // The exponent of 4, the largest power of two among the 4-bit floats.
    private const int MaxExponent = 2;

    /// <summary>The shared exponent (E8M0).</summary>
    public byte E;

    /// <summary>Low nibbles: weights 0..15; high nibbles: weights 16..31.</summary>
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
        ExtractScales(in block, ref scales);
    }

    public static void Regroup(in BlockMXFP4 block, Span<uint> words, ref BlockScales scales)
    {
        MemoryMarshal.Cast<byte, uint>(block.Qs).CopyTo(words);
        ExtractScales(in block, ref scales);
    }

    private static void ExtractScales(in BlockMXFP4 block, ref BlockScales scales)
    {
        scales.SubBlocks[0] = block.E;
    }

    /// <summary>Derives the exponent from the largest magnitude and rounds to nearest.</summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockMXFP4 block)
    {
        float greatest = Magnitudes.GreatestMagnitude(x);
        block = new() { E = (byte)Math.Max(FloorLog2(greatest) - MaxExponent + ExponentBias, 0) };
        Span<byte> quants = stackalloc byte[32];
        Float4.Quantize(x, Scale(block.E), quants);
        Nibbles.Pack(quants, block.Qs);
    }

    /// <summary>Computes the logarithm that ggml rounds down. Just below a power of two it is that of the power.</summary>
    private static int FloorLog2(float x)
    {
        const int Mantissas = (1 << MantissaBits) - 1;
        int bits = BitConverter.SingleToInt32Bits(x);
        bool isBelowPower = (bits & Mantissas) > Mantissas - 256;
        return isBelowPower ? (int)MathF.Floor(MathF.Log2(x)) : (bits >> MantissaBits) - ExponentBias;
    }

    /// <summary>
    /// Computes 2^(e - 128), half of the stored scale because the values are doubled. The two smallest results are denormal.
    /// </summary>
    private static float Scale(byte e) => BitConverter.Int32BitsToSingle(e < 2 ? 1 << (MantissaBits - 2 + e) : (e - 1) << MantissaBits);
}
