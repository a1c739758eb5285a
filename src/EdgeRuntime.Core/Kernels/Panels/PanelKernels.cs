using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// What an instruction set can do with packed panels and activations. Functions are chosen once, when a matrix is made; none
/// of them checks its arguments, and each writes only what it says.
/// </summary>
/// <param name="tileTokens"><see cref="TileTokens"/>.</param>
/// <param name="tilePanels"><see cref="TilePanels"/>.</param>
internal abstract unsafe class PanelKernels(int tileTokens, int tilePanels)
{
    /// <summary>Most tokens of any set's <see cref="TileTokens"/>.</summary>
    public const int MostTileTokens = 12;

    /// <summary>Most panels of any set's <see cref="TilePanels"/>.</summary>
    public const int MostTilePanels = 2;

    /// <summary>
    /// Most tokens that <see cref="Gemv"/> takes, as for more, expanding the panels costs less; 0 where there is no Gemv. More than
    /// <see cref="TileTokens"/> lie in several tiles, one after another.
    /// </summary>
    public abstract int GemvTokens(PackedLayout layout);

    /// <summary>Tokens in a full activation tile; the last tile of a batch may have fewer.</summary>
    public int TileTokens => tileTokens;

    /// <summary>Expanded panels that <see cref="Gemm"/> takes at once, at most.</summary>
    public int TilePanels => tilePanels;

    /// <summary>Fills one Int8 tile as <see cref="ActivationBlocks{TVector}"/> does.</summary>
    /// <param name="x">[tokens, columns], the rows of this tile.</param>
    /// <param name="xStride">Floats from one token's row to the next.</param>
    /// <param name="tokens">Tokens of the tile, 1..<see cref="TileTokens"/>.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="tile">44 x tokens x columns / 32 bytes.</param>
    public abstract void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile);

    /// <summary>(packed panel, blocks of 32 columns, expanded panel): writes it as <see cref="PackedLayout.Expanded"/> says.</summary>
    public abstract delegate*<byte*, int, byte*, void> Expand(PackedLayout layout);

    /// <summary>
    /// (packed panels, activation tiles, blocks, tokens, y, yStride, rows): as <see cref="Gemm"/>, straight from the packed form, for at
    /// most <see cref="GemvTokens"/> tokens and any number of rows, whose panels lie one after another. Null where the instruction set
    /// has none: then few tokens go the way of many, <see cref="Expand"/> and <see cref="Gemm"/>.
    /// </summary>
    public abstract delegate*<byte*, byte*, int, int, float*, int, int, void> Gemv(PackedLayout layout);

    /// <summary>
    /// (expanded panels, activation tile, blocks, tokens, y, yStride, rows, continued): y[t * yStride + r] for r below rows and t
    /// below tokens, with tokens in 1..<see cref="TileTokens"/>, the size of the tile in memory. The panels of the rows, up to
    /// <see cref="TilePanels"/>, lie one after another. Continued: the sums go on from what y holds, else from 0; a matrix may be
    /// multiplied a part of its columns after the other without another rounding.
    /// </summary>
    public abstract delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Gemm(PackedLayout layout);

    /// <summary>(panel [columns][16], columns, expanded float [columns][16]): brings a panel to float32.</summary>
    public abstract delegate*<byte*, int, float*, void> ExpandFloat<TElement>()
        where TElement : struct, IFloatElement;

    /// <summary>
    /// (panels [columns][16], x [columns], columns, y, rows): y[r] for r below rows, of as many panels as that takes,
    /// each <see cref="FloatPanelLayout.PanelBytes"/> bytes after the one before; acc = fma(w, x, acc) in column order.
    /// </summary>
    public abstract delegate*<byte*, float*, int, float*, int, void> GemvFloat<TElement>()
        where TElement : struct, IFloatElement;

    /// <summary>
    /// (panel float [columns][16], activation tile float [columns][tokens], columns, tokens, y, yStride, rows): the same for a tile of
    /// tokens.
    /// </summary>
    public abstract delegate*<byte*, byte*, int, int, float*, int, int, void> GemmFloat { get; }
}
