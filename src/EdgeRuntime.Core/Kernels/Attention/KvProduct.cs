using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>What all products with cached keys and values share.</summary>
internal static class KvProduct
{
    /// <summary>Positions whose keys or values are expanded at once: they stay in the first-level cache while all rows use them.</summary>
    public const int ExpandPositions = 64;
}

/// <summary>
/// The two products of attention with keys or values of one format. Keys and values choose their formats apart: the side of
/// the keys calls <see cref="Score"/>, that of the values <see cref="Sum"/>, once for at least 64 positions.
/// </summary>
internal abstract unsafe class KvProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private readonly bool _isElementwise;

    private protected KvProduct(bool isElementwise) => _isElementwise = isElementwise;

    /// <summary>Whether tiles of so many rows read elements as they lie, because each is read once, and nothing is expanded.</summary>
    public bool ReadsAsStored(int rows) => _isElementwise && rows <= TileProduct<TLanes>.TileRows;

    /// <summary>scores[row][p] = sum over i of queries[row][i] * keys[p][i].</summary>
    /// <param name="queries">[rows][keyLength].</param>
    /// <param name="keys">[panels], as <see cref="KvLayout"/> says.</param>
    /// <param name="keyLength">Elements of a key.</param>
    /// <param name="panels">Panels of 16 positions, at most 4 where they are expanded.</param>
    /// <param name="scores">[rows][256].</param>
    /// <param name="rows">Rows of queries and scores.</param>
    /// <param name="expanded">Scratch, [panels][keyLength][16].</param>
    public abstract void Score(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows, float* expanded);

    /// <summary>output[row] = output[row] (or 0) + sum over p of weights[row][p] * values[p].</summary>
    /// <param name="weights">[rows][256].</param>
    /// <param name="values">[positions], as <see cref="KvLayout"/> says.</param>
    /// <param name="valueLength">Elements of a value.</param>
    /// <param name="positions">Positions, at most 64.</param>
    /// <param name="output">[rows][valueLanes].</param>
    /// <param name="rows">Rows of weights and output.</param>
    /// <param name="accumulate">Whether the sums go on from what output holds, or start at 0.</param>
    /// <param name="expanded">Scratch, [positions][valueLanes].</param>
    public abstract void Sum(
        float* weights, byte* values, int valueLength, int positions, float* output, int rows, bool accumulate, float* expanded);
}

/// <inheritdoc/>
internal sealed unsafe class KvProduct<TLanes, TElement> : KvProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
    where TElement : struct, IKvElement
{
    public KvProduct()
        : base(TElement.IsElementwise)
    {
    }

    public override void Score(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows, float* expanded)
    {
        if (TElement.IsElementwise && ReadsAsStored(rows))
        {
            ScoreTile<TElement>(queries, keys, keyLength, panels, scores, rows);
            return;
        }

        if (!TElement.IsFloat)
        {
            for (int panel = 0; panel < panels; panel++)
            {
                TElement.ExpandKeys<TLanes>(
                    keys + (panel * (long)TElement.KeyPanelBytes(keyLength)), keyLength,
                    expanded + ((long)panel * keyLength * KvLayout.PanelPositions));
            }

            keys = (byte*)expanded;
        }

        ScoreTile<FloatSource>(queries, keys, keyLength, panels, scores, rows);
    }

    public override void Sum(
        float* weights, byte* values, int valueLength, int positions, float* output, int rows, bool accumulate, float* expanded)
    {
        if (TElement.IsElementwise && ReadsAsStored(rows))
        {
            SumTile<TElement>(weights, values, valueLength, positions, output, rows, accumulate);
            return;
        }

        if (!TElement.IsFloat)
        {
            TElement.ExpandValues<TLanes>(values, positions, valueLength, expanded);
            values = (byte*)expanded;
        }

        SumTile<FloatSource>(weights, values, valueLength, positions, output, rows, accumulate);
    }

    private static void ScoreTile<TSource>(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows)
        where TSource : struct, ITileSource => TileProduct<TLanes>.Multiply<TSource>(
            queries, keyLength, keys, KvLayout.PanelPositions, keyLength * KvLayout.PanelPositions,
            scores, KvLayout.ChunkPositions, rows, panels, keyLength, accumulate: false);

    private static void SumTile<TSource>(float* weights, byte* values, int valueLength, int positions, float* output, int rows, bool accumulate)
        where TSource : struct, ITileSource
    {
        int lanes = KvLayout.ValueLanes(valueLength);
        TileProduct<TLanes>.Multiply<TSource>(
            weights, KvLayout.ChunkPositions, values, lanes, TileProduct<TLanes>.GroupLanes,
            output, lanes, rows, lanes / TileProduct<TLanes>.GroupLanes, positions, accumulate);
    }
}
