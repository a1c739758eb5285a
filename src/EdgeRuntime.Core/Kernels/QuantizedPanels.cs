using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels;

/// <summary>
/// Panels of a quantized type, multiplied with Int8 activations: one or a few tokens by the kernels for decoding, more by the others.
/// </summary>
internal sealed unsafe class QuantizedPanels : IPanelProduct
{
    // Blocks of 32 columns of a part for a small batch: two panels of it are 18 KiB when expanded.
    private const int SmallBatchBlocks = 2 * PackedLayout.StripBlocks;

    private readonly TensorFormat _format;
    private readonly PackedLayout _layout;
    private readonly PanelKernels _kernels;
    private readonly int _blocks;
    private readonly int _gemvTokens;
    private readonly delegate*<byte*, byte*, int, int, float*, int, int, void> _gemv;
    private readonly delegate*<byte*, int, byte*, void> _expand;
    private readonly delegate*<byte*, byte*, int, int, float*, int, int, bool, void> _gemm;

    public QuantizedPanels(TensorFormat format, QuantShape shape, int columns, PanelKernels kernels, PanelKernels decodeKernels)
    {
        _format = format;
        _layout = PackedLayouts.Find(shape);
        _kernels = kernels;
        _blocks = columns / ActivationLayout.BlockColumns;
        _gemv = decodeKernels.Gemv(_layout);
        int most = decodeKernels.GemvTokens(_layout);
        int tile = Math.Min(kernels.TileTokens, decodeKernels.TileTokens);
        _gemvTokens = kernels.TileTokens == decodeKernels.TileTokens ? most : Math.Min(most, tile);
        _expand = kernels.Expand(_layout);
        _gemm = kernels.Gemm(_layout);
        PanelBytes = _layout.PanelBytes(columns);
    }

    public ActivationKind ActivationKind => ActivationKind.Int8;

    public long PanelBytes { get; }

    public long ScratchBytes => (long)_kernels.TilePanels * _blocks * _layout.Expanded.BlockBytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public int PackStrip(byte* panel, int r, int firstColumn, ReadOnlySpan<byte> source)
    {
        byte* strip = Strip(panel, firstColumn);
        Span<byte> quants = stackalloc byte[_format.BlockWeights];
        BlockScales scales = default;
        int blockBytes = _format.BlockBytes;
        int blocksOf32 = _format.BlockWeights / ActivationLayout.BlockColumns;
        int count = source.Length / blockBytes;
        byte* block = strip + _layout.ScaleBytes(count * blocksOf32);
        for (int i = 0; i < count; i++)
        {
            _format.Decompose(source.Slice(i * blockBytes, blockBytes), quants, ref scales);
            if (!_layout.AreFinite(in scales))
            {
                return i * _format.BlockWeights;
            }

            _layout.PackScales(in scales, strip, i * blocksOf32, r);
            for (int b = 0; b < blocksOf32; b++)
            {
                PanelPacker.PackQuants(_layout.Shape.Bits, quants.Slice(b * ActivationLayout.BlockColumns), block, r);
                block += _layout.BlockBytes;
            }
        }

        return -1;
    }

    public bool TryPackRows(byte* panel, int firstColumn, byte* source, nint rowBytes, int count)
    {
        byte* strip = Strip(panel, firstColumn);
        return RowInterleaver.IsSupported && (_format.IsScalesThenQuants
            ? PanelPacker.TryCopyStrips(_layout, source, rowBytes, count / _format.BlockBytes, strip)
            : TryRegroupRows(strip, source, rowBytes, count));
    }

    public void Multiply(byte* panels, byte* activations, int tokens, float* y, int yStride, int rows, byte* scratch)
    {
        if (tokens <= _gemvTokens)
        {
            _gemv(panels, activations, _blocks, tokens, y, yStride, rows);
            return;
        }

        int most = PackedLayout.PanelRows * _kernels.TilePanels;
        for (int row = 0; row < rows; row += most)
        {
            byte* first = panels + (row / PackedLayout.PanelRows * PanelBytes);
            MultiplyExpanded(first, activations, tokens, y + row, yStride, Math.Min(most, rows - row), scratch);
        }
    }

    /// <summary>
    /// Takes the blocks of all sixteen rows apart, into words that lie row after row and then go to their places in squares.
    /// </summary>
    [SkipLocalsInit]
    private bool TryRegroupRows(byte* strip, byte* source, nint rowBytes, int count)
    {
        const int MostRowWords = PackedLayout.StripBlocks * 8;
        uint* words = stackalloc uint[PackedLayout.PanelRows * MostRowWords];
        Span<BlockScales> scales = stackalloc BlockScales[PackedLayout.StripBlocks];
        int blocks = count / _format.BlockBytes;
        int blocksOf32 = _format.BlockWeights / ActivationLayout.BlockColumns;
        for (int r = 0; r < PackedLayout.PanelRows; r++)
        {
            var row = new ReadOnlySpan<byte>(source + (r * rowBytes), count);
            _format.Regroup(row, new Span<uint>(words + (r * MostRowWords), MostRowWords), scales);
            for (int b = 0; b < blocks; b++)
            {
                if (!_layout.AreFinite(in scales[b]))
                {
                    return false;
                }

                _layout.PackScales(in scales[b], strip, b * blocksOf32, r);
            }
        }

        blocks *= blocksOf32;
        PanelPacker.PackWords(words, MostRowWords, blocks * _layout.Shape.Bits, (uint*)(strip + _layout.ScaleBytes(blocks)));
        return true;
    }

    private byte* Strip(byte* panel, int firstColumn) =>
        panel + ((long)(firstColumn / IPanelProduct.StripColumns) * _layout.StripBytes(PackedLayout.StripBlocks));

    /// <summary>
    /// Expands the panels of some rows and passes all tokens over them: the whole panels at once, so that sums stay in registers, or
    /// for a few tokens a part that stays in the first level of the cache, so that the next part comes from memory meanwhile.
    /// </summary>
    private void MultiplyExpanded(byte* panels, byte* activations, int tokens, float* y, int yStride, int rows, byte* scratch)
    {
        int most = tokens <= _kernels.TileTokens ? SmallBatchBlocks : _blocks;
        for (int first = 0; first < _blocks; first += most)
        {
            int blocks = Math.Min(most, _blocks - first);
            byte* part = Strip(panels, first * ActivationLayout.BlockColumns);
            for (int panel = 0; panel * PackedLayout.PanelRows < rows; panel++)
            {
                _expand(part + (panel * PanelBytes), blocks, scratch + ((long)panel * blocks * _layout.Expanded.BlockBytes));
            }

            for (int t = 0; t < tokens;)
            {
                int count = Math.Min(_kernels.TileTokens, tokens - t);
                byte* tile = activations + ((((long)_blocks * t) + ((long)first * count)) * ActivationLayout.Int8BlockBytesPerToken);
                _gemm(scratch, tile, blocks, count, y + ((long)t * yStride), yStride, rows, first > 0);
                t += count;
            }
        }
    }
}
