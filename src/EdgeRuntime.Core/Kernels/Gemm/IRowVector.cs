namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// What one instruction set can do with a vector that has a row of the panel in each lane: the words in which
/// <see cref="PanelTile{TRows,TBytes,TInts,TFloats}"/> is written.
/// </summary>
/// <typeparam name="TBytes">Four quants a row.</typeparam>
/// <typeparam name="TInts">A sum a row: int32, or pairs of int16 where that is exact (see <see cref="Total"/>).</typeparam>
/// <typeparam name="TFloats">A float a row.</typeparam>
internal unsafe interface IRowVector<TBytes, TInts, TFloats>
{
    /// <summary>Rows in a vector: 16, 8 or 4.</summary>
    static abstract int Lanes { get; }

    /// <summary>Tokens whose sums fit in the registers beside what a tile needs: 4 or 8.</summary>
    static abstract int TileTokens { get; }

    /// <summary>Four quants a row, in the form that <see cref="Dot"/> wants.</summary>
    static abstract TBytes LoadQuants<TLayout>(byte* quants)
        where TLayout : unmanaged, IExpandedLayout;

    /// <summary>sum + the products of 16 columns with one token: the four columns of w0 lie at a, those of w1 at a + step, and so on.</summary>
    static abstract TInts Dot<TLayout>(TInts sum, TBytes w0, TBytes w1, TBytes w2, TBytes w3, sbyte* a, int step)
        where TLayout : unmanaged, IExpandedLayout;

    /// <summary>
    /// Factors for the int32 with a token's two sum16: minus the layout's offset for both, or for the upper one alone where the
    /// layout has two scales.
    /// </summary>
    static abstract TInts OffsetFactors<TLayout>()
        where TLayout : unmanaged, IExpandedLayout;

    /// <summary>The int32 sums of what Dot ran up over a block, or half of it with two scales, less the offset.</summary>
    static abstract TInts Total<TLayout>(TInts sum, short* sum16, TInts offsetFactors)
        where TLayout : unmanaged, IExpandedLayout;

    static abstract TFloats Load(float* values);

    /// <summary>fma((float)sum, scale * d, acc).</summary>
    static abstract TFloats MultiplyAddScaled(TInts sum, TFloats scale, float* d, TFloats acc);

    /// <summary>fma(factor, value, acc).</summary>
    static abstract TFloats MultiplyAdd(TFloats factor, float* value, TFloats acc);

    static abstract void Store(TFloats values, float* y);
}
