using System;
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

    public override void Compute(in AttentionSlice slice, int item, byte* scratch)
    {
        int kvHead = item % Shape.KvHeads;
        int part = item / Shape.KvHeads;
        if (IsSplit(slice.Start, slice.Tokens))
        {
            ComputeChunk(slice, kvHead, FirstChunk(slice.Start) + part, scratch);
        }
        else
        {
            int blocks = (slice.Tokens + BlockTokens - 1) / BlockTokens;
            ComputeBlock(slice, kvHead, blocks - 1 - part, scratch);
        }
    }

    /// <summary>Computes all chunks of a block of tokens of a KV head, into the output.</summary>
    private void ComputeBlock(in AttentionSlice slice, int kvHead, int block, byte* scratch)
    {
        AttentionScratch s = Carve(scratch);
        int firstToken = block * BlockTokens;
        int tokens = int.Min(BlockTokens, slice.Tokens - firstToken);
        Rows rows = new(kvHead, slice.Start + firstToken, tokens, slice.End);
        ScaleQueries(slice, kvHead, firstToken, tokens, s.Queries);

        int firstChunk = FirstChunk(rows.Start);
        int endChunk = EndChunk(rows.Start + tokens - 1, rows.End);
        ComputeRows(slice, rows, firstChunk, s, s.Partials);
        for (int chunk = firstChunk + 1; chunk < endChunk; chunk++)
        {
            ComputeRows(slice, rows, chunk, s, s.ChunkPartials);
            MergeRows(rows, chunk, s);
        }

        for (int row = 0; row < tokens * Group; row++)
        {
            Finish(slice, firstToken + (row / Group), (kvHead * Group) + (row % Group), s.Partials + ((long)row * PartialFloats));
        }
    }

    /// <summary>Computes one chunk of a KV head for all tokens, into the slice's partial results.</summary>
    private void ComputeChunk(in AttentionSlice slice, int kvHead, int chunk, byte* scratch)
    {
        AttentionScratch s = Carve(scratch);
        ScaleQueries(slice, kvHead, 0, slice.Tokens, s.Queries);
        Rows rows = new(kvHead, slice.Start, slice.Tokens, slice.End);
        ComputeRows(slice, rows, chunk, s, Partial(slice, chunk, kvHead, row: 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void MergeInto(float* partial, float* next)
    {
        float* ml = partial + ValueLanes;
        float* nextMl = next + ValueLanes;
        float max = nextMl[0] > ml[0] ? nextMl[0] : ml[0];
        float factor = LaneMath.Exp(ml[0] - max);
        float nextFactor = LaneMath.Exp(nextMl[0] - max);
        ml[0] = max;
        ml[1] = float.FusedMultiplyAdd(ml[1], factor, nextMl[1] * nextFactor);
        TLanes factors = TLanes.Broadcast(factor);
        TLanes nextFactors = TLanes.Broadcast(nextFactor);
        for (nint i = 0; i < ValueLanes; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Fma(TLanes.Load(partial + i), factors, TLanes.Load(next + i) * nextFactors), partial + i);
        }
    }

    /// <summary>Merges a chunk's results into those of the chunks before it, for the rows that see some of the chunk.</summary>
    private void MergeRows(in Rows rows, int chunk, in AttentionScratch s)
    {
        for (int row = 0; row < rows.Tokens * Group; row++)
        {
            int position = rows.Start + (row / Group);
            int firstChunk = FirstChunk(position);
            float* partial = s.Partials + ((long)row * PartialFloats);
            float* next = s.ChunkPartials + ((long)row * PartialFloats);
            if (chunk == firstChunk)
            {
                new ReadOnlySpan<float>(next, PartialFloats).CopyTo(new Span<float>(partial, PartialFloats));
            }
            else if (chunk > firstChunk && chunk < EndChunk(position, rows.End))
            {
                MergeInto(partial, next);
            }
        }
    }

    /// <summary>
    /// Computes the partial results [rows][PartialFloats] of one chunk for the rows of a block, token by token, head by head.
    /// A row that sees nothing of the chunk has o = 0, m = -infinity, l = 0.
    /// </summary>
    private void ComputeRows(in AttentionSlice slice, in Rows rows, int chunk, in AttentionScratch s, float* partials)
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

            ScoreRow<TLanes>.Softmax(scores, rowFrom, rowEnd, from, end, partials + ((long)row * PartialFloats) + ValueLanes);
        }

        Sum(rows, keys + Layout.ChunkKeyBytes, first, from, end, s, partials);
    }

    /// <summary>Computes the scores of a chunk's positions [from, end), for the rows that see some of them.</summary>
    private void Score(in Rows rows, byte* keys, int first, int from, int end, in AttentionScratch s)
    {
        const int Panel = KvLayout.PanelPositions;
        int step = _keys.ReadsAsStored(rows.Tokens * Group) ? ChunkPositions : KvLayout.ExpandPositions;
        for (int p = from & -Panel; p < end; p += step)
        {
            int panels = int.Min(step, end - p + Panel - 1) / Panel;
            (int skip, int count) = RowsThatSee(rows, first + p, panels * Panel);
            _keys.Score(
                s.Queries + ((long)skip * Shape.KeyLength), keys + (p / Panel * (long)Layout.KeyPanelBytes), Shape.KeyLength, panels,
                s.Scores + ((long)skip * ChunkPositions) + p, count, s.Expanded);
        }
    }

    /// <summary>o = the values of a chunk's positions [from, end), weighted with the exponentials of the scores.</summary>
    private void Sum(in Rows rows, byte* values, int first, int from, int end, in AttentionScratch s, float* partials)
    {
        int next;
        for (int p = from; p < end; p = next)
        {
            next = int.Min(end, (p & -KvLayout.ExpandPositions) + KvLayout.ExpandPositions);
            // The first positions set o for every row, those of rows that see nothing of them to 0.
            bool isFirst = p == from;
            (int skip, int count) = isFirst ? (0, rows.Tokens * Group) : RowsThatSee(rows, first + p, next - p);
            _values.Sum(
                s.Scores + ((long)skip * ChunkPositions) + p, values + (p * (long)Layout.ValueRowBytes), Shape.ValueLength, next - p,
                partials + ((long)skip * PartialFloats), PartialFloats, count, accumulate: !isFirst, s.Expanded);
        }
    }

    /// <summary>Finds the rows of a block that see some of the keys [key, key + count), and perhaps neighbours that do not.</summary>
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
            // The heads of a group are adjacent.
            float* query = slice.Queries + ((long)(firstToken + token) * slice.QueryStride) + ((long)kvHead * count);
            for (int i = 0; i < count; i++)
            {
                scaled[i] = query[i] * scale;
            }

            scaled += count;
        }
    }

    private AttentionScratch Carve(byte* memory) => new(memory, BlockTokens * Group, Shape.KeyLength, PartialFloats);

    /// <summary>The rows of a block: the query heads of a KV head for consecutive tokens, in the order of tokens.</summary>
    /// <param name="KvHead">The KV head.</param>
    /// <param name="Start">Position of the first token.</param>
    /// <param name="Tokens">Tokens, each of them Group rows.</param>
    /// <param name="End">Positions that have keys.</param>
    private readonly record struct Rows(int KvHead, int Start, int Tokens, int End);
}
