using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// Defines a tensor type as a structure: the fields are the bytes of one block in the file (little endian), the members are its arithmetic.
/// </summary>
/// <typeparam name="TSelf">The block structure.</typeparam>
internal interface ITensorFormat<TSelf>
    where TSelf : unmanaged, ITensorFormat<TSelf>
{
    static abstract TensorType Type { get; }

    /// <summary>Gets the number of weights per block.</summary>
    static abstract int BlockWeights { get; }

    /// <summary>Gets the number of bytes per block in a file. Tests compare it with the size of the structure.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Converts a block to float32; <paramref name="x"/> has <see cref="BlockWeights"/> elements.</summary>
    static abstract void Dequantize(in TSelf block, Span<float> x);

    /// <summary>Converts blocks to float32. A format overrides this where it has a faster way to the same numbers.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="x">Receives the weights of all blocks.</param>
    static virtual void DequantizeAll(ReadOnlySpan<TSelf> blocks, Span<float> x)
    {
        for (int b = 0; b < blocks.Length; b++)
        {
            TSelf.Dequantize(in blocks[b], x.Slice(b * TSelf.BlockWeights, TSelf.BlockWeights));
        }
    }
}

/// <summary>Marks a format that stores one float per weight.</summary>
internal interface IFloatFormat
{
    float ToSingle();
}

/// <summary>Defines a format whose blocks can be split into quants and scales, which is all that kernels need.</summary>
/// <typeparam name="TSelf">The block structure.</typeparam>
internal interface IQuantizedFormat<TSelf> : ITensorFormat<TSelf>
    where TSelf : unmanaged, IQuantizedFormat<TSelf>
{
    static abstract QuantShape Shape { get; }

    /// <summary>
    /// Gets whether a block consists of its f16 scales followed by its quants in the order of a packed panel's four-byte groups (low
    /// nibbles are quants 0..15, high nibbles are 16..31, bytes are signed). If so, packing copies the bytes.
    /// </summary>
    static virtual bool IsScalesThenQuants => false;

    /// <summary>Splits a block into quants and scales.</summary>
    /// <param name="block">The block.</param>
    /// <param name="quants">Receives the bits of the quants in column order, one byte per quant.</param>
    /// <param name="scales">Receives the fields that <see cref="QuantShape.Scales"/> uses.</param>
    static abstract void Decompose(in TSelf block, Span<byte> quants, ref BlockScales scales);

    /// <summary>
    /// Splits a block into <see cref="QuantWords"/> and scales. A format overrides this where it has a faster way to the same words.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="words">Receives, per 32 columns, as many words as a quant has bits.</param>
    /// <param name="scales">Receives the same fields as from <see cref="Decompose"/>.</param>
    static virtual void Regroup(in TSelf block, Span<uint> words, ref BlockScales scales)
    {
        Span<byte> quants = stackalloc byte[TSelf.BlockWeights];
        TSelf.Decompose(in block, quants, ref scales);
        int bits = TSelf.Shape.Bits;
        for (int i = 0; i < quants.Length / QuantWords.Columns; i++)
        {
            QuantWords.FromQuants(bits, quants.Slice(i * QuantWords.Columns, QuantWords.Columns), words.Slice(i * bits, bits));
        }
    }
}
