namespace EdgeRuntime.Kernels.Panels;

/// <summary>What a packed matrix multiplies with.</summary>
internal enum ActivationKind
{
    /// <summary>float32 values, [columns][tokens of the tile].</summary>
    Float32,

    /// <summary>int8 values in blocks of 32 columns with a float scale a token.</summary>
    Int8,
}

/// <summary>
/// How activations lie in memory: tile after tile of up to <c>TileTokens</c> tokens (the last tile has as many as remain, T
/// below), block after block of 32 columns inside a tile.
/// <code>
/// Int8, one block of a tile of T tokens, 44 T bytes:
///   sbyte q[8][T][4]     q[g][t][j] is column 4 g + j of token t, in -127..127
///   float d[T]           x is about d * q
///   float dsum[T]        d * (sum of the token's 32 q), for formats with minima
///   short sum16[T][2]    sums of the first and the second 16 q, for formats with an offset
/// Float32: float x[columns][T], nothing else.
/// </code>
/// Columns are a multiple of 32 for Int8 and anything for Float32.
/// </summary>
internal static class ActivationLayout
{
    public const int BlockColumns = 32;
    public const int Int8BlockBytesPerToken = 44;

    /// <summary>The index of the int8 value of a column and a token in a block of a tile of <paramref name="tokens"/> tokens.</summary>
    public static int Int8Index(int column, int token, int tokens) => ((((column >> 2) * tokens) + token) << 2) + (column & 3);

    /// <summary>Bytes that <paramref name="tokens"/> rows of <paramref name="columns"/> take, whatever the tile size.</summary>
    public static long ByteSize(ActivationKind kind, int columns, int tokens) => kind == ActivationKind.Float32
        ? (long)columns * tokens * sizeof(float)
        : (long)(columns / BlockColumns) * Int8BlockBytesPerToken * tokens;
}
