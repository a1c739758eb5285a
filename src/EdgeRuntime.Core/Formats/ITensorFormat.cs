using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// A tensor type as one structure: its fields are one block's bytes as in the file (little endian), its members the arithmetic.
/// </summary>
/// <typeparam name="TSelf">The block.</typeparam>
internal interface ITensorFormat<TSelf>
    where TSelf : unmanaged, ITensorFormat<TSelf>
{
    static abstract TensorType Type { get; }

    /// <summary>Weights of one block.</summary>
    static abstract int BlockWeights { get; }

    /// <summary>Bytes of one block in a file, the proof of the structure's layout.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>The block's weights in float32; <paramref name="x"/> has <see cref="BlockWeights"/> places.</summary>
    static abstract void Dequantize(in TSelf block, Span<float> x);
}

/// <summary>A format of one float a weight.</summary>
internal interface IFloatFormat
{
    float ToSingle();
}

/// <summary>A format whose blocks come apart into quants and scales, which is all that kernels need.</summary>
/// <typeparam name="TSelf">The block.</typeparam>
internal interface IQuantizedFormat<TSelf> : ITensorFormat<TSelf>
    where TSelf : unmanaged, IQuantizedFormat<TSelf>
{
    static abstract QuantShape Shape { get; }

    /// <summary>
    /// Whether a block is its f16 scales and then its quants in the four-byte groups of a packed panel (the low nibbles are 0..15 and the
    /// high ones 16..31; bytes are signed), so that packing copies them.
    /// </summary>
    static virtual bool IsScalesThenQuants => false;

    /// <summary>Takes a block apart.</summary>
    /// <param name="block">The block.</param>
    /// <param name="quants">Gets the bits of the quants in column order, a byte each.</param>
    /// <param name="scales">Gets those fields that <see cref="QuantShape.Scales"/> uses.</param>
    static abstract void Decompose(in TSelf block, Span<byte> quants, ref BlockScales scales);

    /// <summary>
    /// Takes a block apart with its quants as <see cref="QuantWords"/>; a format may know a faster way to the same words.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="words">Gets as many words for each 32 columns as a quant has bits.</param>
    /// <param name="scales">As <see cref="Decompose"/> gives them.</param>
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
