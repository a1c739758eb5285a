using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels;

/// <summary>
/// How the panels (16 rows) of a quantized matrix lie in memory: chunk after chunk of 256 columns (the last chunk has as many
/// blocks of 32 as remain), each chunk being its scales, padded to 64 bytes, and then the quants, block after block. Two
/// independent choices make a layout:
/// <code>
/// quants of a block of 32 columns, vectors of 64 bytes, byte 4 r + j of each belongs to row r:
///   4 bits   vector g in 0..3: low nibble column 4 g + j, high nibble column 16 + 4 g + j
///   5 bits   the same, and a vector whose bit g in 0..7 is the fifth bit of column 4 g + j
///   6 bits   as 4 bits, and vectors p in 0..1 whose bits 2 i, 2 i + 1 are the high bits of column 4 (4 p + i) + j
///   8 bits   vector g in 0..7: column 4 g + j
///   (where the format has a code, these are the coded bits; they are looked up when read)
/// scales of a chunk of n blocks (f16 as in the file, so that packing does not grow the matrix):
///   Half            f16 d[n][16]
///   HalfAndMin      f16 {d[16], min[16]}[n]
///   SuperBlockMins  f16 d[16], f16 dmin[16], byte scale[8][16], byte min[8][16]
///   SuperBlock16    f16 d[16], sbyte scale[16][16]
///   SuperBlock32    f16 d[16], sbyte scale[8][16]
/// </code>
/// </summary>
/// <param name="Shape">Bits, kind of scales, offset and code of the format.</param>
internal readonly record struct PackedLayout(QuantShape Shape)
{
    /// <summary>Goes up with every change of what panels look like, float panels included: packed files of another version are not read.</summary>
    public const int Version = 1;

    public const int ChunkBlocks = 8;

    public const int PanelRows = ExpandedPanelLayout.PanelRows;

    private const int HalvesBytes = 2 * PanelRows;

    /// <summary>Whether weights have a minimum beside the scale.</summary>
    public bool HasMinima => Shape.Scales is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins;

    /// <summary>Whether a chunk is one super-block, whose scales stand for all of it; otherwise each block of 32 columns has its own.</summary>
    public bool IsSuperBlock => Shape.Scales is not (ScaleKind.Half or ScaleKind.HalfAndMin);

    /// <summary>What the panel looks like when expanded.</summary>
    public ExpandedPanelLayout Expanded => new(
        Scales: Shape.Scales == ScaleKind.SuperBlock16 ? 2 : 1,
        Mins: HasMinima ? 1 : 0,
        Shape.Offset,
        Shape.MaxQuant);

    /// <summary>Bytes of the quants of one block of 32 columns.</summary>
    public int BlockBytes => Shape.Bits * ActivationLayout.BlockColumns * PanelRows / 8;

    /// <summary>Bytes of the scales that stand for a whole chunk, which come first.</summary>
    public int ChunkScaleBytes => Shape.Scales switch
    {
        ScaleKind.Half or ScaleKind.HalfAndMin => 0,
        ScaleKind.SuperBlockMins => 2 * HalvesBytes,
        _ => HalvesBytes,
    };

    /// <summary>Bytes from the scales of a block to those of the next.</summary>
    public int BlockScaleBytes => Shape.Scales switch
    {
        ScaleKind.Half => HalvesBytes,
        ScaleKind.HalfAndMin => 2 * HalvesBytes,
        ScaleKind.SuperBlock16 => 2 * PanelRows,
        _ => PanelRows,
    };

    /// <summary>Bytes of the scales of a chunk with that many blocks, padded to 64.</summary>
    public int ScaleBytes(int blocks)
    {
        // A super-block's minima are a list of their own, behind that of its scales; its chunk is always whole.
        int lists = Shape.Scales == ScaleKind.SuperBlockMins ? 2 : 1;
        return (ChunkScaleBytes + ((IsSuperBlock ? ChunkBlocks : blocks) * BlockScaleBytes * lists) + 63) & ~63;
    }

    /// <summary>Bytes of a chunk with that many blocks.</summary>
    public int ChunkBytes(int blocks) => ScaleBytes(blocks) + (blocks * BlockBytes);

    /// <summary>Bytes of a panel with that many columns.</summary>
    public long PanelBytes(int columns)
    {
        int blocks = columns / ActivationLayout.BlockColumns;
        int rest = blocks % ChunkBlocks;
        return ((long)(blocks / ChunkBlocks) * ChunkBytes(ChunkBlocks)) + (rest == 0 ? 0 : ChunkBytes(rest));
    }
}
