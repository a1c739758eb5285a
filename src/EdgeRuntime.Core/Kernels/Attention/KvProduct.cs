using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The two products of attention with keys or values of one format, through a copy expanded to float unless the format overrides
/// them. Keys and values choose their formats apart: the kernel calls <see cref="Score"/> of the keys' product and
/// <see cref="Sum"/> of the values', once for up to 64 positions.
/// </summary>
internal abstract unsafe class KvProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Whether products of so many rows read elements as they are stored, because each is read once.</summary>
    public virtual bool ReadsAsStored(int rows) => false;

    /// <summary>scores[row][p] = sum over i of queries[row][i] * keys[p][i].</summary>
    /// <param name="queries">[rows][keyLength].</param>
    /// <param name="keys">[panels], as <see cref="KvLayout"/> says.</param>
    /// <param name="keyLength">Elements of a key.</param>
    /// <param name="panels">Panels of 16 positions, at most 4 where they are expanded.</param>
    /// <param name="scores">[rows][256].</param>
    /// <param name="rows">Rows of queries and scores.</param>
    /// <param name="expanded">Scratch, [panels][keyLength][16].</param>
    public virtual void Score(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows, float* expanded)
    {
        byte* floats = (byte*)ExpandKeys(keys, panels, keyLength, expanded);
        ScoreTile<Float32Element>(queries, floats, keyLength, panels, scores, rows);
    }

    /// <summary>output[row] = output[row] (or 0) + sum over p of weights[row][p] * values[p].</summary>
    /// <param name="weights">[rows][256].</param>
    /// <param name="values">[positions], as <see cref="KvLayout"/> says.</param>
    /// <param name="valueLength">Elements of a value.</param>
    /// <param name="positions">Positions, at most 64.</param>
    /// <param name="output">[rows][outputStride], of which the first valueLanes are written.</param>
    /// <param name="outputStride">Floats from one row of output to the next.</param>
    /// <param name="rows">Rows of weights and output.</param>
    /// <param name="accumulate">Whether the sums continue from the values in output, or start at 0.</param>
    /// <param name="expanded">Scratch, [positions][valueLanes].</param>
    public virtual void Sum(
        float* weights, byte* values, int valueLength, int positions, float* output, int outputStride, int rows, bool accumulate,
        float* expanded)
    {
        byte* floats = (byte*)ExpandValues(values, positions, valueLength, expanded);
        SumTile<Float32Element>(weights, floats, valueLength, positions, output, outputStride, rows, accumulate);
    }

    /// <summary>Returns panels of keys as float [panels][keyLength][16]: expanded, or as they are stored.</summary>
    public abstract float* ExpandKeys(byte* keys, int panels, int keyLength, float* expanded);

    /// <summary>Returns rows of values as float [positions][valueLanes], valueLanes being valueLength rounded up to 16.</summary>
    public abstract float* ExpandValues(byte* values, int positions, int valueLength, float* expanded);

    /// <summary>Computes scores from keys [panels][keyLength][16].</summary>
    protected static void ScoreTile<TSource>(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows)
        where TSource : struct, ILaneSource => TileProduct<TLanes>.Multiply<TSource>(
            queries, keyLength, keys, KvLayout.PanelPositions, keyLength * KvLayout.PanelPositions,
            scores, KvLayout.ChunkPositions, rows, panels, keyLength, accumulate: false);

    /// <summary>Computes sums from values [positions][valueLanes].</summary>
    protected static void SumTile<TSource>(
        float* weights, byte* values, int valueLength, int positions, float* output, int outputStride, int rows, bool accumulate)
        where TSource : struct, ILaneSource
    {
        int lanes = KvLayout.ValueLanes(valueLength);
        TileProduct<TLanes>.Multiply<TSource>(
            weights, KvLayout.ChunkPositions, values, lanes, TileProduct<TLanes>.GroupLanes,
            output, outputStride, rows, lanes / TileProduct<TLanes>.GroupLanes, positions, accumulate);
    }
}
