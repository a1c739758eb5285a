using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <inheritdoc/>
internal sealed unsafe class AttentionKernel<TLanes> : AttentionKernel
    where TLanes : struct, ILanes<TLanes>
{
    private readonly KvProduct<TLanes> _keys;
    private readonly KvProduct<TLanes> _values;

    public AttentionKernel(AttentionShape shape, KvLayout layout)
        : base(shape, layout)
    {
        _keys = layout.Keys.CreateProduct<TLanes>();
        _values = layout.Values.CreateProduct<TLanes>();
    }

    public override long ScratchBytes => Carve(null).Bytes;

    protected override void ComputeBlock(in AttentionSlice slice, int kvHead, int block, byte* scratch)
    {
        AttentionScratch s = Carve(scratch);
        int firstToken = block * BlockTokens;
        int tokens = int.Min(BlockTokens, slice.Tokens - firstToken);
        Rows rows = new(kvHead, slice.Start + firstToken, tokens, slice.End);
        ScaleQueries(slice, kvHead, firstToken, tokens, s.Queries);

        int firstChunk = FirstChunk(rows.Start);
        int endChunk = EndChunk(rows.Start + tokens - 1, rows.End);
        ComputeRows(slice, rows, firstChunk, s, s.Output, s.MaxSum);
        for (int chunk = firstChunk + 1; chunk < endChunk; chunk++)
        {
            ComputeRows(slice, rows, chunk, s, s.ChunkOutput, s.ChunkMaxSum);
            MergeRows(rows, chunk, s);
        }

        for (int row = 0; row < tokens * Group; row++)
        {
            long token = firstToken + (row / Group);
            int head = (kvHead * Group) + (row % Group);
            Finish(
                s.Output + ((long)row * ValueLanes), s.MaxSum[2 * row], s.MaxSum[(2 * row) + 1], head,
                slice.Output + (token * slice.OutputStride) + ((long)head * Shape.ValueLength));
        }
    }

    protected override void ComputeChunk(in AttentionSlice slice, int kvHead, int chunk, byte* scratch)
    {
        AttentionScratch s = Carve(scratch);
        ScaleQueries(slice, kvHead, 0, slice.Tokens, s.Queries);
        ComputeRows(slice, new Rows(kvHead, slice.Start, slice.Tokens, slice.End), chunk, s, s.Output, s.MaxSum);
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

    protected override void Finish(float* o, float m, float l, int head, float* output)
    {
        float factor = 1;
        if (Shape.Sinks is { } sinks)
        {
            float max = sinks[head] > m ? sinks[head] : m;
            factor = LaneMath.Exp(m - max);
            l = float.FusedMultiplyAdd(l, factor, LaneMath.Exp(sinks[head] - max));
        }

        factor /= l;
        for (int i = 0; i < Shape.ValueLength; i++)
        {
            output[i] = o[i] * factor;
        }
    }

    /// <summary>Merges a chunk's results into those of the chunks before it, for the rows that see some of the chunk.</summary>
    private void MergeRows(in Rows rows, int chunk, in AttentionScratch s)
    {
        for (int row = 0; row < rows.Tokens * Group; row++)
        {
            int position = rows.Start + (row / Group);
            int firstChunk = FirstChunk(position);
            if (chunk < firstChunk || chunk >= EndChunk(position, rows.End))
            {
                continue;
            }

            float* o = s.Output + ((long)row * ValueLanes);
            float* next = s.ChunkOutput + ((long)row * ValueLanes);
            ref float m = ref s.MaxSum[2 * row];
            ref float l = ref s.MaxSum[(2 * row) + 1];
            if (chunk > firstChunk)
            {
                MergeInto(o, ref m, ref l, next, s.ChunkMaxSum[2 * row], s.ChunkMaxSum[(2 * row) + 1]);
            }
            else
            {
                Copy(next, o);
                (m, l) = (s.ChunkMaxSum[2 * row], s.ChunkMaxSum[(2 * row) + 1]);
            }
        }
    }

    /// <summary>
    /// One chunk for the rows (token by token, head by head) of a block: o [rows][valueLanes] and (m, l) [rows][2].
    /// A row that sees nothing of the chunk has o = 0, m = -infinity, l = 0.
    /// </summary>
    private void ComputeRows(in AttentionSlice slice, in Rows rows, int chunk, in AttentionScratch s, float* o, float* ml)
    {
        byte* keys = slice.Chunk(chunk, rows.KvHead);
        int first = chunk * ChunkPositions;
        // The first token sees the earliest keys, the last token the latest.
        int from = int.Max(0, Shape.FirstKey(rows.Start) - first);
        int end = int.Min(ChunkPositions, Shape.EndKey(rows.Start + rows.Tokens - 1, rows.End) - first);

        Score(rows, keys, first, from, end, s);
        for (int row = 0; row < rows.Tokens * Group; row++)
        {
            int position = rows.Start + (row / Group);
            float* scores = s.Scores + ((long)row * ChunkPositions);
            int rowFrom = int.Max(from, Shape.FirstKey(position) - first);
            int rowEnd = int.Min(end, Shape.EndKey(position, rows.End) - first);
            if (Shape.ScoreCap != 0)
            {
                ScoreRow<TLanes>.Cap(scores, rowFrom, rowEnd, Shape.ScoreCap);
            }

            if (Shape.AlibiSlopes is { } slopes)
            {
                ScoreRow<TLanes>.AddBias(scores, rowFrom, rowEnd, first - position, slopes[(rows.KvHead * Group) + (row % Group)]);
            }

            ScoreRow<TLanes>.Softmax(scores, rowFrom, rowEnd, from, end, ml + ((long)row * 2));
        }

        Sum(rows, keys + Layout.ChunkKeyBytes, first, from, end, s, o);
    }

    /// <summary>Scores of a chunk's positions [from, end), for the rows that see some of them.</summary>
    private void Score(in Rows rows, byte* keys, int first, int from, int end, in AttentionScratch s)
    {
        const int Panel = KvLayout.PanelPositions;
        int step = _keys.ReadsAsStored(rows.Tokens * Group) ? ChunkPositions : KvProduct.ExpandPositions;
        for (int p = from & -Panel; p < end; p += step)
        {
            int panels = int.Min(step, end - p + Panel - 1) / Panel;
            (int skip, int count) = RowsThatSee(rows, first + p, panels * Panel);
            _keys.Score(
                s.Queries + ((long)skip * Shape.KeyLength), keys + (p / Panel * (long)Layout.KeyPanelBytes), Shape.KeyLength, panels,
                s.Scores + ((long)skip * ChunkPositions) + p, count, s.Expanded);
        }
    }

    /// <summary>o = the values of a chunk's positions [from, end), weighted with what the scores have become.</summary>
    private void Sum(in Rows rows, byte* values, int first, int from, int end, in AttentionScratch s, float* o)
    {
        int next;
        for (int p = from; p < end; p = next)
        {
            next = int.Min(end, (p & -KvProduct.ExpandPositions) + KvProduct.ExpandPositions);
            // The first positions set o for every row, those of rows that see nothing of them to 0.
            bool isFirst = p == from;
            (int skip, int count) = isFirst ? (0, rows.Tokens * Group) : RowsThatSee(rows, first + p, next - p);
            _values.Sum(
                s.Scores + ((long)skip * ChunkPositions) + p, values + (p * (long)Layout.ValueRowBytes), Shape.ValueLength, next - p,
                o + ((long)skip * ValueLanes), count, accumulate: !isFirst, s.Expanded);
        }
    }

    /// <summary>The rows of a block that see some of the keys [key, key + count); neighbours that don't may be among them.</summary>
    private (int Skip, int Count) RowsThatSee(in Rows rows, int key, int count)
    {
        int firstToken = int.Max(0, Shape.FirstQuery(key) - rows.Start);
        int endToken = int.Min(rows.Tokens, Shape.EndQuery(key + count - 1) - rows.Start);
        return (firstToken * Group, (endToken - firstToken) * Group);
    }

    private void ScaleQueries(in AttentionSlice slice, int kvHead, int firstToken, int tokens, float* scaled)
    {
        int count = Group * Shape.KeyLength;
        float scale = Shape.Scale;
        for (int token = 0; token < tokens; token++)
        {
            // The group's heads lie side by side.
            float* query = slice.Queries + ((long)(firstToken + token) * slice.QueryStride) + ((long)kvHead * count);
            for (int i = 0; i < count; i++)
            {
                scaled[i] = query[i] * scale;
            }

            scaled += count;
        }
    }

    private void Copy(float* source, float* destination)
    {
        for (nint i = 0; i < ValueLanes; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(source + i), destination + i);
        }
    }

    private AttentionScratch Carve(byte* memory) => new(memory, BlockTokens * Group, Shape.KeyLength, ValueLanes);

    /// <summary>The rows of a block: the query heads of a KV head for consecutive tokens.</summary>
    /// <param name="KvHead">The KV head.</param>
    /// <param name="Start">Position of the first token.</param>
    /// <param name="Tokens">Tokens, each of them Group rows.</param>
    /// <param name="End">Positions that have keys.</param>
    private readonly record struct Rows(int KvHead, int Start, int Tokens, int End);
}
