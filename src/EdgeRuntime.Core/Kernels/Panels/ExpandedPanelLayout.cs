namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// A panel (16 rows) of a quantized matrix brought into the one form that every GEMM tile reads, whatever the format:
/// block after block of 32 columns,
/// <code>
///   byte  q[8][16][4]           q[g][r][j] is column 4 g + j of row r, unsigned
///   float scale[Scales][16]     one for the block, or one for each half of it (16 columns)
///   float min[Mins][16]         0 or 1 for the block; added, so Q4_K stores -dmin * m
///   or, with Mins of 2,         float min[16], and then int16 pair[16][2], one for each half: min * pair is added
/// </code>
/// and weight[r][k] = scale * (q - Offset) + min. The product with one token is, block by block in column order, half by
/// half inside a block, in float32 with fused multiply-add:
/// <code>
///   isum = sum over the half's (or block's) columns of q * a       exact, int32
///   isum = isum - Offset * (sum of the same a)                     exact, int32
///   acc  = fma((float)isum, scale * d, acc)                        one rounding for scale * d, one for the fma
///   acc  = fma(min, dsum, acc)                                     after the block's scales, where the format has minima, or
///   acc  = fma((float)(pair[0] * sum16[0] + pair[1] * sum16[1]), min * d, acc)
/// </code>
/// Every instruction set and every tile computes just this, in this order, so that results are equal to the bit
/// everywhere: lanes are rows, and no sum crosses lanes.
/// </summary>
/// <param name="Scales">1 (a scale for 32 columns) or 2 (a scale for 16).</param>
/// <param name="Mins">0, 1 (a minimum for 32 columns) or 2 (a minimum for 16).</param>
/// <param name="Offset">What is subtracted from the unsigned quants; 0 with minima.</param>
/// <param name="MaxQuant">Greatest value of a quant; bounds how far int16 sums may run.</param>
internal readonly record struct ExpandedPanelLayout(int Scales, int Mins, int Offset, int MaxQuant)
{
    public const int PanelRows = 16;

    /// <summary>Bytes of one block of 32 columns.</summary>
    public int BlockBytes => BytesOfBlock(Scales, Mins);

    /// <summary>The same of some scales and minima.</summary>
    public static int BytesOfBlock(int scales, int mins) => (32 * PanelRows) + ((scales + mins) * PanelRows * sizeof(float));
}
