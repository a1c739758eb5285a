using System;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>
/// The form in which the operators MatMulNBits and GatherBlockQuantized read a quantized tensor type: weight = scale * (stored - zero
/// point) + offset. Stored numbers have their default zero point, 2^(bits - 1). Types with minima have an offset per block, which
/// the graph multiplies by the sum of the block's activations.
/// </summary>
internal sealed class PackedForm
{
    private readonly int _center;

    private PackedForm(TensorFormat format, QuantizedBlocks blocks, int bits, int center)
    {
        Format = format;
        Blocks = blocks;
        Bits = bits;
        _center = center;
    }

    /// <summary>Gets the tensor type that is packed.</summary>
    public TensorFormat Format { get; }

    /// <summary>Gets the reader of its blocks.</summary>
    public QuantizedBlocks Blocks { get; }

    /// <summary>Gets the number of bits of a stored number: 2, 4 or 8.</summary>
    public int Bits { get; }

    /// <summary>Gets the number of weights with the same scale.</summary>
    public int Block => Blocks.Group;

    /// <summary>Gets whether blocks have offsets.</summary>
    public bool HasOffsets => Blocks.HasMinima;

    /// <summary>Gets the byte of default zero points that fills a row of explicit ones.</summary>
    public byte ZeroPointByte => Bits switch { 2 => 0xaa, 4 => 0x88, _ => 0x80 };

    /// <summary>Finds the form of a type with the fewest bits that a profile allows.</summary>
    /// <returns>Null for float types, and where no number of bits that the profile allows is exact.</returns>
    public static PackedForm? Find(TensorFormat format, OnnxProfile profile)
    {
        if (format.Shape is null)
        {
            return null;
        }

        var blocks = new QuantizedBlocks(format);
        foreach (int bits in profile.Bits.Order())
        {
            int half = 1 << (bits - 1);
            int center = blocks.HasMinima ? (blocks.Greatest + 1) / 2 : 0;
            bool fits = blocks.Least - center >= -half && blocks.Greatest - center < half;
            bool isFast = bits > 2 || blocks.Group >= profile.LeastTwoBitBlock;
            if (fits && isFast && blocks.Group <= profile.GreatestBlock)
            {
                return new PackedForm(format, blocks, bits, center);
            }
        }

        return null;
    }

    /// <summary>Returns the number of bytes of the stored numbers of a row.</summary>
    public int RowBytes(int columns) => columns / 8 * Bits;

    /// <summary>Packs a row.</summary>
    /// <param name="row">The row's blocks.</param>
    /// <param name="stored">Receives <see cref="RowBytes"/> bytes; low bits are first.</param>
    /// <param name="scales">Receives a scale per block.</param>
    /// <param name="offsets">Receives an offset per block; empty without offsets.</param>
    public void Pack(ReadOnlySpan<byte> row, Span<byte> stored, Span<float> scales, Span<float> offsets)
    {
        int weights = Format.BlockWeights;
        int groups = weights / Block;
        Span<short> integers = stackalloc short[weights];
        Span<float> minima = stackalloc float[groups];
        for (int b = 0; b < row.Length / Format.BlockBytes; b++)
        {
            Span<float> blockScales = scales.Slice(b * groups, groups);
            Blocks.Split(row.Slice(b * Format.BlockBytes, Format.BlockBytes), integers, blockScales, minima);
            Store(integers, stored.Slice(b * weights / 8 * Bits, weights / 8 * Bits));
            for (int group = 0; HasOffsets && group < groups; group++)
            {
                offsets[(b * groups) + group] = minima[group] + (_center * blockScales[group]);
            }
        }
    }

    private void Store(ReadOnlySpan<short> integers, Span<byte> stored)
    {
        int shift = (1 << (Bits - 1)) - _center;
        int perByte = 8 / Bits;
        for (int i = 0; i < stored.Length; i++)
        {
            int value = 0;
            for (int j = 0; j < perByte; j++)
            {
                value |= (integers[(i * perByte) + j] + shift) << (j * Bits);
            }

            stored[i] = (byte)value;
        }
    }
}
