using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>Quantizes <see cref="ITensorFormat{TSelf}.BlockWeights"/> finite weights to one block, without an importance matrix.</summary>
/// <typeparam name="TBlock">The block structure.</typeparam>
/// <param name="x">The weights.</param>
/// <param name="block">Receives the block.</param>
internal delegate void BlockQuantizer<TBlock>(ReadOnlySpan<float> x, out TBlock block)
    where TBlock : unmanaged, ITensorFormat<TBlock>;

/// <summary>Represents a tensor type as an object: applies the arithmetic of its block structure to rows of bytes.</summary>
internal abstract class TensorFormat
{
    /// <summary>Gets the type id used in files.</summary>
    public abstract TensorType Type { get; }

    /// <summary>Gets the number of weights per block.</summary>
    public abstract int BlockWeights { get; }

    /// <summary>Gets the number of bytes per block.</summary>
    public abstract int BlockBytes { get; }

    /// <summary>Gets the code and the scales of the quants, or null for float types.</summary>
    public abstract QuantShape? Shape { get; }

    /// <inheritdoc cref="IQuantizedFormat{TSelf}.IsScalesThenQuants"/>
    public abstract bool IsScalesThenQuants { get; }

    /// <summary>Gets whether the type has a quantizer.</summary>
    public abstract bool CanQuantize { get; }

    /// <summary>Computes the number of bytes per row.</summary>
    /// <exception cref="ArgumentException"><paramref name="columns"/> is not a multiple of the block size.</exception>
    public long RowBytes(int columns) => columns % BlockWeights == 0
        ? (long)columns / BlockWeights * BlockBytes
        : throw new ArgumentException($"{columns} columns are no multiple of a {Type} block's {BlockWeights}", nameof(columns));

    /// <summary>Converts blocks to float32, with exactly the results of ggml's scalar code.</summary>
    /// <param name="source">Whole blocks.</param>
    /// <param name="x">Receives the weights of all blocks.</param>
    public abstract void Dequantize(ReadOnlySpan<byte> source, Span<float> x);

    /// <summary>
    /// Quantizes weights without an imatrix. The bytes equal those of ggml's reference code; for K-quants only the error is as small.
    /// </summary>
    /// <param name="x">Finite weights for whole blocks.</param>
    /// <param name="destination">Receives the blocks.</param>
    /// <exception cref="NotSupportedException">The type has no quantizer; the message lists the types that have one.</exception>
    public abstract void Quantize(ReadOnlySpan<float> x, Span<byte> destination);

    /// <summary>Splits one block of a quantized format; see <see cref="IQuantizedFormat{TSelf}.Decompose"/>.</summary>
    public abstract void Decompose(ReadOnlySpan<byte> block, Span<byte> quants, ref BlockScales scales);

    /// <summary>Splits the blocks of a row; see <see cref="IQuantizedFormat{TSelf}.Regroup"/>.</summary>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="words">Receives, per 32 columns, as many words as a quant has bits.</param>
    /// <param name="scales">Receives one element per block.</param>
    public abstract void Regroup(ReadOnlySpan<byte> blocks, Span<uint> words, Span<BlockScales> scales);

    /// <summary>Creates a float format.</summary>
    public static TensorFormat OfFloat<TBlock>(BlockQuantizer<TBlock> quantizer)
        where TBlock : unmanaged, ITensorFormat<TBlock> => new Blocks<TBlock>(quantizer);

    /// <summary>Creates a quantized format.</summary>
    public static TensorFormat Of<TBlock>(BlockQuantizer<TBlock>? quantizer = null)
        where TBlock : unmanaged, IQuantizedFormat<TBlock> => new Quantized<TBlock>(quantizer);

    private class Blocks<TBlock>(BlockQuantizer<TBlock>? quantizer) : TensorFormat
        where TBlock : unmanaged, ITensorFormat<TBlock>
    {
        public override TensorType Type => TBlock.Type;

        public override int BlockWeights => TBlock.BlockWeights;

        public override int BlockBytes => TBlock.BlockBytes;

        public override QuantShape? Shape => null;

        public override bool IsScalesThenQuants => false;

        public override bool CanQuantize => quantizer is not null;

        public override void Dequantize(ReadOnlySpan<byte> source, Span<float> x)
        {
            ReadOnlySpan<TBlock> blocks = Whole(source);
            CheckLength(blocks.Length, x.Length);
            for (int b = 0; b < blocks.Length; b++)
            {
                TBlock.Dequantize(in blocks[b], x.Slice(b * TBlock.BlockWeights, TBlock.BlockWeights));
            }
        }

        public override void Quantize(ReadOnlySpan<float> x, Span<byte> destination)
        {
            BlockQuantizer<TBlock> quantize = quantizer ?? throw NoQuantizer();
            Span<TBlock> blocks = MemoryMarshal.Cast<byte, TBlock>(destination);
            CheckLength(blocks.Length, x.Length);
            for (int b = 0; b < blocks.Length; b++)
            {
                quantize(x.Slice(b * TBlock.BlockWeights, TBlock.BlockWeights), out blocks[b]);
            }
        }

        public override void Decompose(ReadOnlySpan<byte> block, Span<byte> quants, ref BlockScales scales) => throw NotQuantized();

        public override void Regroup(ReadOnlySpan<byte> blocks, Span<uint> words, Span<BlockScales> scales) => throw NotQuantized();

        private NotSupportedException NoQuantizer()
        {
            var others = TensorFormats.All.Where(format => format.CanQuantize).Select(format => format.Type);
            return new($"there is no quantizer to {Type}; use one of: {string.Join(", ", others)}");
        }

        private InvalidOperationException NotQuantized() => new($"{Type} does not come apart into quants and scales");

        protected static ReadOnlySpan<TBlock> Whole(ReadOnlySpan<byte> source) => source.Length % Unsafe.SizeOf<TBlock>() == 0
            ? MemoryMarshal.Cast<byte, TBlock>(source)
            : throw new ArgumentException($"{source.Length} bytes are no whole {TBlock.Type} blocks", nameof(source));

        private static void CheckLength(int blocks, int weights)
        {
            if (weights != blocks * TBlock.BlockWeights)
            {
                throw new ArgumentException($"{blocks} {TBlock.Type} blocks have {blocks * TBlock.BlockWeights} weights, not {weights}");
            }
        }
    }

    private sealed class Quantized<TBlock>(BlockQuantizer<TBlock>? quantizer) : Blocks<TBlock>(quantizer)
        where TBlock : unmanaged, IQuantizedFormat<TBlock>
    {
        public override QuantShape? Shape => TBlock.Shape;

        public override bool IsScalesThenQuants => TBlock.IsScalesThenQuants;

        public override void Decompose(ReadOnlySpan<byte> block, Span<byte> quants, ref BlockScales scales) =>
            TBlock.Decompose(in MemoryMarshal.AsRef<TBlock>(block), quants, ref scales);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        [SkipLocalsInit]
        public override void Regroup(ReadOnlySpan<byte> blocks, Span<uint> words, Span<BlockScales> scales)
        {
            int blockWords = TBlock.BlockWeights / QuantWords.Columns * TBlock.Shape.Bits;
            ReadOnlySpan<TBlock> source = Whole(blocks);
            for (int b = 0; b < source.Length; b++)
            {
                TBlock.Regroup(in source[b], words.Slice(b * blockWords, blockWords), ref scales[b]);
            }
        }
    }
}
