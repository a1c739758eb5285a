using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>Quantizes <see cref="ITensorFormat{TSelf}.BlockWeights"/> finite weights to one block.</summary>
/// <typeparam name="TBlock">The block structure.</typeparam>
/// <param name="x">The weights.</param>
/// <param name="importance">How much the squared error of each weight counts (not negative), or empty if all count the same.</param>
/// <param name="block">Receives the block.</param>
internal delegate void BlockQuantizer<TBlock>(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out TBlock block)
    where TBlock : unmanaged, IQuantizedFormat<TBlock>;

/// <summary>Rounds weights to blocks without an importance.</summary>
/// <typeparam name="TBlock">The block structure.</typeparam>
/// <param name="x">The weights of all blocks.</param>
/// <param name="blocks">Receives the blocks.</param>
internal delegate void BlockRounder<TBlock>(ReadOnlySpan<float> x, Span<TBlock> blocks)
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

    /// <summary>Gets whether the quantizer refuses weights without an importance, as ggml's does.</summary>
    public abstract bool RequiresImportance { get; }

    /// <summary>Computes the number of bytes per row.</summary>
    /// <exception cref="ArgumentException"><paramref name="columns"/> is not a multiple of the block size.</exception>
    public long RowBytes(int columns) => columns % BlockWeights == 0
        ? (long)columns / BlockWeights * BlockBytes
        : throw new ArgumentException($"{columns} columns are no multiple of a {Type} block's {BlockWeights}", nameof(columns));

    /// <summary>Converts blocks to float32, with exactly the results of ggml's scalar code.</summary>
    /// <param name="source">Whole blocks.</param>
    /// <param name="x">Receives the weights of all blocks.</param>
    public abstract void Dequantize(ReadOnlySpan<byte> source, Span<float> x);

    /// <summary>Quantizes rows of weights. Threads may quantize different rows at the same time.</summary>
    /// <param name="x">Finite weights for whole rows.</param>
    /// <param name="columns">The number of weights per row, a multiple of <see cref="BlockWeights"/>.</param>
    /// <param name="importance">
    /// How much the squared errors of each column count, finite and not negative; usually the mean square of the activations that the
    /// column is multiplied by. Empty if all columns count the same.
    /// </param>
    /// <param name="destination">Receives the blocks of all rows.</param>
    /// <exception cref="NotSupportedException">The type has no quantizer; the message lists the types that have one.</exception>
    /// <exception cref="ArgumentException">
    /// The sizes do not match, or <paramref name="importance"/> is empty although <see cref="RequiresImportance"/>.
    /// </exception>
    public void QuantizeRows(ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> importance, Span<byte> destination)
    {
        if (!CanQuantize)
        {
            var others = TensorFormats.All.Where(format => format.CanQuantize).Select(format => format.Type);
            throw new NotSupportedException($"there is no quantizer to {Type}; use one of: {string.Join(", ", others)}");
        }

        CheckRows(x.Length, columns, importance.Length, destination.Length);
        if (importance.IsEmpty)
        {
            QuantizeRow(x, importance, destination);
            return;
        }

        int rowBytes = (int)RowBytes(columns);
        for (int row = 0; row < x.Length / columns; row++)
        {
            QuantizeRow(x.Slice(row * columns, columns), importance, destination.Slice(row * rowBytes, rowBytes));
        }
    }

    /// <summary>Quantizes a row of checked sizes, or several rows without an importance.</summary>
    protected abstract void QuantizeRow(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> destination);

    /// <summary>Splits one block of a quantized format; see <see cref="IQuantizedFormat{TSelf}.Decompose"/>.</summary>
    public abstract void Decompose(ReadOnlySpan<byte> block, Span<byte> quants, ref BlockScales scales);

    /// <summary>Splits the blocks of a row; see <see cref="IQuantizedFormat{TSelf}.Regroup"/>.</summary>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="words">Receives, per 32 columns, as many words as a quant has bits.</param>
    /// <param name="scales">Receives one element per block.</param>
    public abstract void Regroup(ReadOnlySpan<byte> blocks, Span<uint> words, Span<BlockScales> scales);

    /// <summary>Creates a float format.</summary>
    /// <param name="rounder">Rounds weights to the type.</param>
    public static TensorFormat OfFloat<TBlock>(BlockRounder<TBlock> rounder)
        where TBlock : unmanaged, ITensorFormat<TBlock>, IFloatFormat => new Floats<TBlock>(rounder);

    /// <summary>Creates a quantized format.</summary>
    /// <param name="quantizer">Quantizes a block, or null if nothing here makes files of the type.</param>
    /// <param name="requiresImportance">See <see cref="RequiresImportance"/>.</param>
    /// <param name="rounder">Quantizes weights without an importance, many blocks at once; null to use the quantizer.</param>
    public static TensorFormat Of<TBlock>(
        BlockQuantizer<TBlock>? quantizer = null, bool requiresImportance = false, BlockRounder<TBlock>? rounder = null)
        where TBlock : unmanaged, IQuantizedFormat<TBlock> => new Quantized<TBlock>(quantizer, requiresImportance, rounder);

    private void CheckRows(int weights, int columns, int importance, int bytes)
    {
        long expected = columns > 0 && weights % columns == 0
            ? weights / columns * RowBytes(columns)
            : throw new ArgumentException($"{weights} weights are no whole rows of {columns} columns");
        if (bytes != expected)
        {
            throw new ArgumentException($"{weights} weights take {expected} bytes of {Type}, not {bytes}");
        }

        if (importance != columns && (importance != 0 || RequiresImportance))
        {
            throw new ArgumentException($"a quantizer to {Type} takes an importance for each of {columns} columns, not {importance}");
        }
    }

    private abstract class Blocks<TBlock> : TensorFormat
        where TBlock : unmanaged, ITensorFormat<TBlock>
    {
        public override TensorType Type => TBlock.Type;

        public override int BlockWeights => TBlock.BlockWeights;

        public override int BlockBytes => TBlock.BlockBytes;

        public override void Dequantize(ReadOnlySpan<byte> source, Span<float> x)
        {
            ReadOnlySpan<TBlock> blocks = Whole(source);
            if (x.Length != blocks.Length * TBlock.BlockWeights)
            {
                throw new ArgumentException(
                    $"{blocks.Length} {TBlock.Type} blocks have {blocks.Length * TBlock.BlockWeights} weights, not {x.Length}");
            }

            TBlock.DequantizeAll(blocks, x);
        }

        protected static ReadOnlySpan<TBlock> Whole(ReadOnlySpan<byte> source) => source.Length % Unsafe.SizeOf<TBlock>() == 0
            ? MemoryMarshal.Cast<byte, TBlock>(source)
            : throw new ArgumentException($"{source.Length} bytes are no whole {TBlock.Type} blocks", nameof(source));
    }

    private sealed class Floats<TBlock>(BlockRounder<TBlock> rounder) : Blocks<TBlock>
        where TBlock : unmanaged, ITensorFormat<TBlock>, IFloatFormat
    {
        public override QuantShape? Shape => null;

        public override bool IsScalesThenQuants => false;

        public override bool CanQuantize => true;

        public override bool RequiresImportance => false;

        public override void Decompose(ReadOnlySpan<byte> block, Span<byte> quants, ref BlockScales scales) => throw NotQuantized();

        public override void Regroup(ReadOnlySpan<byte> blocks, Span<uint> words, Span<BlockScales> scales) => throw NotQuantized();

        protected override void QuantizeRow(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> destination) =>
            rounder(x, MemoryMarshal.Cast<byte, TBlock>(destination));

        private static InvalidOperationException NotQuantized() => new($"{TBlock.Type} does not come apart into quants and scales");
    }

    private sealed class Quantized<TBlock>(
        BlockQuantizer<TBlock>? quantizer, bool requiresImportance, BlockRounder<TBlock>? rounder) : Blocks<TBlock>
        where TBlock : unmanaged, IQuantizedFormat<TBlock>
    {
        public override QuantShape? Shape => TBlock.Shape;

        public override bool IsScalesThenQuants => TBlock.IsScalesThenQuants;

        public override bool CanQuantize => quantizer is not null;

        public override bool RequiresImportance => requiresImportance;

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

        protected override void QuantizeRow(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> destination)
        {
            Span<TBlock> blocks = MemoryMarshal.Cast<byte, TBlock>(destination);
            if (rounder is not null && importance.IsEmpty)
            {
                rounder(x, blocks);
                return;
            }

            for (int b = 0; b < blocks.Length; b++)
            {
                int first = b * TBlock.BlockWeights;
                ReadOnlySpan<float> weights = importance.IsEmpty ? default : importance.Slice(first, TBlock.BlockWeights);
                quantizer!(x.Slice(first, TBlock.BlockWeights), weights, out blocks[b]);
            }
        }
    }
}
