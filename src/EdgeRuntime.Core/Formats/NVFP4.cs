using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// A block of 64 weights: d / 2 * v[q] with an 8-bit float d per 16 weights, 4-bit q and the values v of <see cref="Float4"/>. A file may
/// store an additional scale for the whole tensor as a separate tensor.
/// Source: ggml-common.h <c>block_nvfp4</c>, ggml-quants.c <c>dequantize_row_nvfp4</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockNVFP4 : IQuantizedFormat<BlockNVFP4>
{
    // The largest 4-bit float.
    private const float MaxValue = 6;

    /// <summary>Byte i: d of weights 16 i..16 i + 15; see <see cref="UnsignedFloat8"/>.</summary>
    public Bytes4 D;

    /// <summary>Bytes 8 i..8 i + 7: low nibbles are weights 16 i..16 i + 7, high nibbles the next 8.</summary>
    public Bytes32 Qs;

    public static TensorType Type => TensorType.NVFP4;

    public static int BlockWeights => 64;

    public static int BlockBytes => 36;

    public static QuantShape Shape => QuantShape.Of<Float4Code>(ScaleKind.MiniFloat16);

    public static void Dequantize(in BlockNVFP4 block, Span<float> x)
    {
        Span<byte> quants = stackalloc byte[64];
        Unpack(in block, quants);
        for (int k = 0; k < 64; k++)
        {
            x[k] = Float4.Values[quants[k]] * (UnsignedFloat8.ToSingle(block.D[k / 16]) / 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose(in BlockNVFP4 block, Span<byte> quants, ref BlockScales scales)
    {
        Unpack(in block, quants);
        for (int i = 0; i < 4; i++)
        {
            scales.SubBlocks[i] = UnsignedFloat8.WithoutNaN(block.D[i]);
        }
    }

    /// <summary>
    /// Maps the largest magnitude of each 16 weights to the largest value and quantizes with the scale in stored precision.
    /// </summary>
    public static void Quantize(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out BlockNVFP4 block)
    {
        block = default;
        Span<byte> quants = stackalloc byte[16];
        for (int i = 0; i < 4; i++)
        {
            ReadOnlySpan<float> part = x.Slice(16 * i, 16);
            block.D[i] = UnsignedFloat8.FromSingle(Magnitudes.GreatestMagnitude(part) / MaxValue);
            Float4.Quantize(part, UnsignedFloat8.ToSingle(block.D[i]) / 2, quants);
            Nibbles.Pack(quants, ((Span<byte>)block.Qs).Slice(8 * i, 8));
        }
    }

    private static void Unpack(in BlockNVFP4 block, Span<byte> quants)
    {
        ReadOnlySpan<byte> qs = block.Qs;
        for (int i = 0; i < 4; i++)
        {
            Nibbles.Unpack(qs.Slice(8 * i, 8), quants.Slice(16 * i, 16));
        }
    }
}
