using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <inheritdoc/>
internal sealed unsafe class CausalAttention<TLanes, TElement> : CausalAttention
    where TLanes : struct, ILanes<TLanes>
    where TElement : struct, IKvElement
{
    // Positions whose keys or values are expanded at once: they stay in the first-level cache while all rows use them.
    private const int ExpandPositions = 64;
    private const int ExpandPanels = ExpandPositions / KvLayout.PanelPositions;

    private readonly int _blockRows;
    private readonly long _keyPanelBytes;
    private readonly long _valueRowBytes;

    public CausalAttention(int heads, int kvHeads, int keyLength, int valueLength, float scale)
        : base(heads, kvHeads, keyLength, valueLength, scale)
    {
        _blockRows = BlockTokens * Group;
        _keyPanelBytes = TElement.KeyPanelBytes(keyLength);
        _valueRowBytes = TElement.ValueRowBytes(valueLength);
    }

    public override long ScratchBytes => Scratch.Carve(this, null).Bytes;

    protected override void ComputeBlock(in AttentionSlice slice, int kvHead, int block, byte* scratch)
    {
        Scratch s = Scratch.Carve(this, scratch);
        int firstToken = block * BlockTokens;
        int tokens = int.Min(BlockTokens, slice.Tokens - firstToken);
        int rows = tokens * Group;
        int start = slice.Start + firstToken;
        ScaleQueries(slice, kvHead, firstToken, tokens, s.Queries);

        int chunks = Chunks(start + tokens);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            // The first chunk's results are the running ones; each later one is merged into them.
            float* o = chunk == 0 ? s.Output : s.ChunkOutput;
            float* ml = chunk == 0 ? s.MaxSum : s.ChunkMaxSum;
            ComputeRows(slice, kvHead, chunk, start, tokens, s, o, ml);
            for (int row = 0; chunk > 0 && row < rows; row++)
            {
                MergeInto(
                    s.Output + ((long)row * ValueLanes), ref s.MaxSum[2 * row], ref s.MaxSum[(2 * row) + 1],
                    o + ((long)row * ValueLanes), ml[2 * row], ml[(2 * row) + 1]);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            long token = firstToken + (row / Group);
            long head = (kvHead * Group) + (row % Group);
            Finish(
                s.Output + ((long)row * ValueLanes), s.MaxSum[(2 * row) + 1],
                slice.Output + (token * slice.OutputStride) + (head * ValueLength));
        }
    }

    protected override void ComputeChunk(in AttentionSlice slice, int kvHead, int chunk, byte* scratch)
    {
        Scratch s = Scratch.Carve(this, scratch);
        ScaleQueries(slice, kvHead, 0, slice.Tokens, s.Queries);
        ComputeRows(slice, kvHead, chunk, slice.Start, slice.Tokens, s, s.Output, s.MaxSum);
        for (int row = 0; row < slice.Tokens * Group; row++)
        {
            float* partial = Partial(slice, chunk, (kvHead * Group) + (row % Group), row / Group);
            Copy(s.Output + ((long)row * ValueLanes), partial);
            partial[ValueLanes] = s.MaxSum[2 * row];
            partial[ValueLanes + 1] = s.MaxSum[(2 * row) + 1];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void MergeInto(float* o, ref float m, ref float l, float* nextO, float nextM, float nextL)
    {
        float max = nextM > m ? nextM : m;
        float factor = LaneMath.Exp(m - max);
        float nextFactor = LaneMath.Exp(nextM - max);
        m = max;
        l = float.FusedMultiplyAdd(l, factor, nextL * nextFactor);
        TLanes factors = TLanes.Broadcast(factor);
        TLanes nextFactors = TLanes.Broadcast(nextFactor);
        for (nint i = 0; i < ValueLanes; i += TLanes.Count)
        {
            TLanes next = TLanes.Multiply(TLanes.Load(nextO + i), nextFactors);
            TLanes.Store(TLanes.Fma(TLanes.Load(o + i), factors, next), o + i);
        }
    }

    protected override void Finish(float* o, float l, float* output)
    {
        float inverse = 1 / l;
        for (int i = 0; i < ValueLength; i++)
        {
            output[i] = o[i] * inverse;
        }
    }

    /// <summary>
    /// One chunk for the rows (token by token, head by head) of a block whose first token is at <paramref name="start"/>:
    /// o [rows][valueLanes] and (m, l) [rows][2].
    /// </summary>
    private void ComputeRows(
        in AttentionSlice slice, int kvHead, int chunk, int start, int tokens, in Scratch s, float* o, float* ml)
    {
        byte* keys = slice.Chunks + (chunk * slice.ChunkStride) + (kvHead * slice.HeadStride);
        byte* values = keys + (ChunkPositions / KvLayout.PanelPositions * _keyPanelBytes);
        int first = chunk * ChunkPositions;
        int end = int.Min(ChunkPositions, start + tokens - first); // positions of the chunk that the last token sees
        int rows = tokens * Group;

        bool asStored = TElement.IsElementwise && rows <= TileProduct<TLanes>.TileRows;

        for (int p = 0; p < end; p += ExpandPositions)
        {
            int panels = int.Min(ExpandPanels, (end - p + KvLayout.PanelPositions - 1) / KvLayout.PanelPositions);
            byte* stored = keys + (p / KvLayout.PanelPositions * _keyPanelBytes);
            int skip = HiddenTokens(first + p, start) * Group;
            float* queries = s.Queries + ((long)skip * KeyLength);
            float* scores = s.Scores + ((long)skip * ChunkPositions) + p;
            if (asStored)
            {
                ScoreTile<TElement>(queries, stored, scores, rows - skip, panels);
            }
            else
            {
                ScoreTile<FloatSource>(queries, ExpandKeys(stored, panels, s.Expanded), scores, rows - skip, panels);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            int seen = int.Clamp(start + (row / Group) + 1 - first, 0, end);
            Softmax(s.Scores + ((long)row * ChunkPositions), seen, end, ml + ((long)row * 2));
        }

        for (int p = 0; p < end; p += ExpandPositions)
        {
            int count = int.Min(ExpandPositions, end - p);
            byte* stored = values + (p * _valueRowBytes);
            // The first positions set o for every row, those of rows that see nothing here to 0.
            int skip = p == 0 ? 0 : HiddenTokens(first + p, start) * Group;
            float* weights = s.Scores + ((long)skip * ChunkPositions) + p;
            float* output = o + ((long)skip * ValueLanes);
            if (asStored)
            {
                SumTile<TElement>(weights, stored, output, rows - skip, count, accumulate: p > 0);
            }
            else
            {
                SumTile<FloatSource>(weights, ExpandValues(stored, count, s.Expanded), output, rows - skip, count, accumulate: p > 0);
            }
        }
    }

    private void ScoreTile<TSource>(float* queries, byte* keys, float* scores, int rows, int panels)
        where TSource : struct, ITileSource => TileProduct<TLanes>.Multiply<TSource>(
            queries, KeyLength, keys, KvLayout.PanelPositions, KeyLength * KvLayout.PanelPositions,
            scores, ChunkPositions, rows, panels, KeyLength, accumulate: false);

    private void SumTile<TSource>(float* weights, byte* values, float* output, int rows, int positions, bool accumulate)
        where TSource : struct, ITileSource => TileProduct<TLanes>.Multiply<TSource>(
            weights, ChunkPositions, values, ValueLanes, TileProduct<TLanes>.GroupLanes,
            output, ValueLanes, rows, ValueLanes / TileProduct<TLanes>.GroupLanes, positions, accumulate);

    /// <summary>Tokens of a block from <paramref name="start"/> on that do not see <paramref name="position"/>.</summary>
    private static int HiddenTokens(int position, int start) => int.Max(0, position - start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* ExpandKeys(byte* panels, int count, float* expanded)
    {
        if (TElement.IsFloat)
        {
            return panels;
        }

        for (int panel = 0; panel < count; panel++)
        {
            TElement.ExpandKeys<TLanes>(
                panels + (panel * _keyPanelBytes), KeyLength, expanded + ((long)panel * KeyLength * KvLayout.PanelPositions));
        }

        return (byte*)expanded;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* ExpandValues(byte* values, int rows, float* expanded)
    {
        if (TElement.IsFloat)
        {
            return values;
        }

        TElement.ExpandValues<TLanes>(values, rows, ValueLength, expanded);
        return (byte*)expanded;
    }

    /// <summary>Scores of one row become exp(score - max), 0 from <paramref name="seen"/> to <paramref name="end"/>; max and sum go to ml.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* scores, int seen, int end, float* ml)
    {
        const int Panel = KvLayout.PanelPositions;
        int padded = (seen + Panel - 1) & ~(Panel - 1);
        for (int i = padded; i < end; i++)
        {
            scores[i] = 0;
        }

        for (int i = seen; i < padded; i++)
        {
            scores[i] = float.NegativeInfinity;
        }

        float* lanes = stackalloc float[Panel];
        ml[0] = Max(scores, padded, lanes);
        TLanes max = TLanes.Broadcast(ml[0]);
        for (nint lane = 0; lane < Panel; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = lane; i < padded; i += Panel)
            {
                TLanes e = LaneMath.Exp(TLanes.Subtract(TLanes.Load(scores + i), max));
                TLanes.Store(e, scores + i);
                sum = TLanes.Add(sum, e);
            }

            TLanes.Store(sum, lanes + lane);
        }

        ml[1] = LaneMath.Reduce(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Max(float* scores, int count, float* lanes)
    {
        TLanes max = TLanes.Broadcast(float.NegativeInfinity);
        for (nint i = 0; i < count; i += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(scores + i));
        }

        TLanes.Store(max, lanes);
        float greatest = lanes[0];
        for (int i = 1; i < TLanes.Count; i++)
        {
            greatest = lanes[i] > greatest ? lanes[i] : greatest;
        }

        return greatest;
    }

    private void ScaleQueries(in AttentionSlice slice, int kvHead, int firstToken, int tokens, float* scaled)
    {
        for (int token = 0; token < tokens; token++)
        {
            // The group's heads lie side by side.
            float* query = slice.Queries + ((long)(firstToken + token) * slice.QueryStride) + ((long)kvHead * Group * KeyLength);
            for (int i = 0; i < Group * KeyLength; i++)
            {
                scaled[i] = query[i] * Scale;
            }

            scaled += Group * KeyLength;
        }
    }

    private void Copy(float* source, float* destination)
    {
        for (nint i = 0; i < ValueLanes; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(source + i), destination + i);
        }
    }

    /// <summary>A thread's scratch, cut into its parts.</summary>
    private struct Scratch
    {
        public float* Queries; // [blockRows][keyLength], scaled
        public float* Scores; // [blockRows][ChunkPositions]
        public float* Output; // [blockRows][valueLanes]
        public float* ChunkOutput; // [blockRows][valueLanes]
        public float* MaxSum; // [blockRows][2]
        public float* ChunkMaxSum; // [blockRows][2]
        public float* Expanded; // keys [4][keyLength][16] or values [64][valueLanes]
        public long Bytes;

        public static Scratch Carve(CausalAttention<TLanes, TElement> attention, byte* memory)
        {
            long rows = attention._blockRows;
            Scratch s = default;
            s.Queries = Take(memory, ref s.Bytes, rows * attention.KeyLength);
            s.Scores = Take(memory, ref s.Bytes, rows * ChunkPositions);
            s.Output = Take(memory, ref s.Bytes, rows * attention.ValueLanes);
            s.ChunkOutput = Take(memory, ref s.Bytes, rows * attention.ValueLanes);
            s.MaxSum = Take(memory, ref s.Bytes, rows * 2);
            s.ChunkMaxSum = Take(memory, ref s.Bytes, rows * 2);
            s.Expanded = Take(memory, ref s.Bytes, (long)ExpandPositions * int.Max(attention.KeyLength, attention.ValueLanes));
            return s;
        }

        private static float* Take(byte* memory, ref long bytes, long floats)
        {
            float* part = (float*)(memory + bytes);
            bytes += ((floats * sizeof(float)) + 63) & ~63L;
            return part;
        }
    }
}
