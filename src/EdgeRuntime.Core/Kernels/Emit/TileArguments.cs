using System.Runtime.InteropServices;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>What an emitted tile is called with, and memory of its own; lies at a multiple of 64, as its stores there do.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>The tile's: a vector of the tokens' offsets for each half of a block.</summary>
    public fixed int Offsets[32];

    /// <summary>The first panel.</summary>
    public byte* Panels;

    /// <summary>Bytes from the first panel to the second.</summary>
    public long PanelBytes;

    /// <summary>The tile of activations, moved by 4 bytes for each token before the first one to multiply.</summary>
    public byte* Activations;

    public float* Y;

    /// <summary>Bytes in y from the rows of the first panel to those of the second.</summary>
    public long YPanelBytes;

    /// <summary>Bytes from a token's row of y to the next.</summary>
    public long YStrideBytes;

    /// <summary>Blocks of 32 columns, at least 1.</summary>
    public int Blocks;

    /// <summary>A bit for each row of y that is written, 16 for each panel.</summary>
    public int RowMask;

    /// <summary>Not 0: the sums go on from what y holds. 0: they begin with 0.</summary>
    public int Continued;

    /// <summary>The tile's: blocks left in the strip of a packed panel.</summary>
    public int StripBlocks;

    /// <summary>The tile's: where the strip begins.</summary>
    public byte* Strip;

    /// <summary>The tile's: what is asked for with the next block.</summary>
    public byte* Ahead;
}

/// <summary>The form of an emitted tile.</summary>
/// <param name="Panels">1 or 2 panels that are multiplied at once.</param>
/// <param name="Stride">Tokens of the activation tile in memory.</param>
/// <param name="Tokens">Tokens that are multiplied, at most <see cref="MaxTokens"/>.</param>
internal readonly record struct TileForm(int Panels, int Stride, int Tokens)
{
    /// <summary>
    /// Pairs of a panel and a token: each has one register of int32 sums and one of float sums, which leaves eight registers for quants,
    /// scales and products.
    /// </summary>
    public const int MaxSums = 12;

    /// <summary>Most panels of a tile.</summary>
    public const int MaxPanels = 2;

    /// <summary>Most tokens of a tile with that many panels.</summary>
    public static int MaxTokens(int panels) => MaxSums / panels;
}
