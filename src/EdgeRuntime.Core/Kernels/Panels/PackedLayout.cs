using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// How the panels (16 rows) of a quantized matrix lie in memory, and everything that depends on it: strip after strip of 256 columns (the
/// last strip has as many blocks of 32 as remain), each strip being its scales, padded to 64 bytes, and then the quants, block after block.
/// Two independent choices make a layout, the kind of scales (<see cref="IPanelScales"/>, whose types say where theirs lie) and the kind of
/// quants (<see cref="IPanelQuants"/>):
/// <code>
/// quants of a block of 32 columns, vectors of 64 bytes, byte 4 r + j of each belongs to row r:
///   1 bit    bit g in 0..7 is column 4 g + j
///   2 bits   vectors p in 0..1 whose bits 2 i, 2 i + 1 are column 4 (4 p + i) + j
///   3 bits   as 2 bits, and a vector as of 1 bit with the third bits
///   4 bits   vector g in 0..3: low nibble column 4 g + j, high nibble column 16 + 4 g + j
///   5 bits   as 4 bits, and a vector as of 1 bit with the fifth bits
///   6 bits   as 4 bits, and two vectors as of 2 bits with the high bits
///   8 bits   vector g in 0..7: column 4 g + j
/// </code>
/// Where the format has a code, these are the coded bits; they are looked up when read.
/// </summary>
internal abstract unsafe class PackedLayout
{
    /// <summary>
    /// Goes up with every change of what panels look like, float panels included: packed files of another version are not read.
    /// </summary>
    public const int Version = 2;

    public const int StripBlocks = 8;

    public const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <summary>Bytes of a vector of four columns of all rows in a packed or expanded panel.</summary>
    public const int VectorBytes = 4 * PanelRows;

    private const int CacheLine = 64;

    /// <summary>What the format said.</summary>
    public abstract QuantShape Shape { get; }

    /// <summary>Scales of a block.</summary>
    public abstract int Scales { get; }

    /// <summary>Minima of a block.</summary>
    public abstract int Mins { get; }

    /// <inheritdoc cref="IPanelScales.IsSuperBlock"/>
    public abstract bool IsSuperBlock { get; }

    /// <summary>What the panel looks like when expanded.</summary>
    public ExpandedPanelLayout Expanded => new(Scales, Mins, Shape.Code.Offset, Shape.Code.MaxLevel);

    /// <summary>Bytes of the quants of one block of 32 columns.</summary>
    public int BlockBytes => Shape.Bits * VectorBytes;

    /// <summary>Bytes of the scales of a strip with that many blocks, padded to 64.</summary>
    public abstract int ScaleBytes(int blocks);

    /// <inheritdoc cref="ScaleBytes(int)"/>
    public static int ScaleBytes<TScales>(int blocks)
        where TScales : struct, IPanelScales => (TScales.Bytes(blocks) + CacheLine - 1) & -CacheLine;

    /// <summary>Bytes of a strip with that many blocks.</summary>
    public int StripBytes(int blocks) => ScaleBytes(blocks) + (blocks * BlockBytes);

    /// <summary>Bytes of a panel with that many columns.</summary>
    public long PanelBytes(int columns)
    {
        int blocks = columns / ActivationLayout.BlockColumns;
        int rest = blocks % StripBlocks;
        return ((long)(blocks / StripBlocks) * StripBytes(StripBlocks)) + (rest == 0 ? 0 : StripBytes(rest));
    }

    /// <inheritdoc cref="IPanelScales.AreFinite"/>
    public abstract bool AreFinite(in BlockScales scales);

    /// <inheritdoc cref="IPanelScales.Pack"/>
    public abstract void PackScales(in BlockScales scales, byte* strip, int b, int r);

    /// <summary>(panel, blocks, expanded), one weight at a time: the definition of the layout.</summary>
    public abstract delegate*<byte*, int, byte*, void> Expand();

    /// <summary>(panel, blocks, expanded), as <see cref="Expand"/> with the vectors of an instruction set.</summary>
    public abstract delegate*<byte*, int, byte*, void> ExpandWith<TIsa, TVector>()
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct;

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    public abstract delegate*<byte*, byte*, int, int, float*, int, int, void> Gemv<TGemv>()
        where TGemv : IPanelGemv;

    /// <inheritdoc cref="PanelKernels.Gemm"/>
    public abstract delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Gemm<TTile>()
        where TTile : IPanelTile;

    /// <summary>Whether code for tiles of packed panels can be written.</summary>
    public abstract bool IsEmitted { get; }

    /// <inheritdoc cref="IPanelScales.StripBytes"/>
    public abstract int StripScaleBytes { get; }

    /// <inheritdoc cref="IPanelScales.BlockBytes"/>
    public abstract int BlockScaleBytes { get; }

    /// <inheritdoc cref="IPanelScales.WriteScale"/>
    public abstract void WriteScale(IScaleCode code, int h);

    /// <inheritdoc cref="IPanelScales.WriteMin"/>
    public abstract void WriteMin(IScaleCode code);

    /// <inheritdoc/>
    public override string ToString() => Shape.ToString();
}

/// <summary>The layout that a kind of quants and a kind of scales make.</summary>
/// <typeparam name="TQuants">The quants.</typeparam>
/// <typeparam name="TScales">The scales.</typeparam>
internal sealed unsafe class PackedLayout<TQuants, TScales> : PackedLayout
    where TQuants : unmanaged, IPanelQuants
    where TScales : struct, IPanelScales
{
    /// <summary>The only instance, as the layout has no state.</summary>
    public static PackedLayout<TQuants, TScales> Instance { get; } = new();

    public override QuantShape Shape => new(TQuants.Code, TScales.Kind);

    public override int Scales => TScales.Scales;

    public override int Mins => TScales.Mins;

    public override bool IsSuperBlock => TScales.IsSuperBlock;

    public override bool IsEmitted => TScales.IsEmitted && TQuants.Bits >= 4 && (TQuants.Code.Levels.IsEmpty || TQuants.Bits == 4);

    public override int StripScaleBytes => TScales.StripBytes;

    public override int BlockScaleBytes => TScales.BlockBytes;

    public override int ScaleBytes(int blocks) => ScaleBytes<TScales>(blocks);

    public override bool AreFinite(in BlockScales scales) => TScales.AreFinite(in scales);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void PackScales(in BlockScales scales, byte* strip, int b, int r) => TScales.Pack(in scales, strip, b, r);

    public override delegate*<byte*, int, byte*, void> Expand() => &ScalarExpand.Panel<TQuants, TScales>;

    public override delegate*<byte*, int, byte*, void> ExpandWith<TIsa, TVector>() => &PanelExpand.Panel<TIsa, TVector, TQuants, TScales>;

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> Gemv<TGemv>() => &TGemv.Multiply<TQuants, TScales>;

    public override delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Gemm<TTile>() => &TTile.Multiply<TQuants, TScales>;

    public override void WriteScale(IScaleCode code, int h) => TScales.WriteScale(code, h);

    public override void WriteMin(IScaleCode code) => TScales.WriteMin(code);
}

/// <summary>The code of one instruction set for a few tokens times packed panels, for any quants and scales.</summary>
internal unsafe interface IPanelGemv
{
    /// <inheritdoc cref="PanelKernels.GemvTokens"/>
    static abstract int Tokens(PackedLayout layout);

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    static abstract void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales;
}

/// <summary>The code of one instruction set for expanded panels times a tile of tokens, for any quants and scales.</summary>
internal unsafe interface IPanelTile
{
    /// <inheritdoc cref="PanelKernels.Gemm"/>
    static abstract void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales;
}
