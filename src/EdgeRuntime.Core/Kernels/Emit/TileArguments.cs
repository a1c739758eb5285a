using System.Runtime.InteropServices;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>The arguments of an emitted tile, and its scratch memory. Aligned to 64 bytes for the stores to scratch.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>Scratch: a vector of the tokens' offsets for each half of a block.</summary>
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

    /// <summary>Whether the sums continue from the values in y (1) or start at 0 (0).</summary>
    public int Continued;

    /// <summary>Scratch: the blocks that remain in the strip of a packed panel.</summary>
    public int StripBlocks;

    /// <summary>Scratch: the beginning of the strip.</summary>
    public byte* Strip;

    /// <summary>Scratch: the next prefetch address.</summary>
    public byte* Ahead;
}

/// <summary>The form of an emitted tile.</summary>
/// <param name="Panels">1 or 2 panels that are multiplied at once.</param>
/// <param name="Stride">Tokens of the activation tile in memory.</param>
/// <param name="Tokens">Tokens that are multiplied, at most <see cref="MaxTokens"/>.</param>
internal readonly record struct TileForm(int Panels, int Stride, int Tokens)
{
    /// <summary>
    /// The greatest number of pairs of a panel and a token. Each pair has one register of int32 sums and one of float sums; eight
    /// registers remain for quants, scales and products.
    /// </summary>
    public const int MaxSums = 12;

    /// <summary>The greatest number of panels of a tile.</summary>
    public const int MaxPanels = 2;

    /// <summary>Gets the greatest number of tokens of a tile with that many panels.</summary>
    public static int MaxTokens(int panels) => MaxSums / panels;
}
