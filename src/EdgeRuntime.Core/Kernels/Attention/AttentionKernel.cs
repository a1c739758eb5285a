using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// Grouped-query attention over a KV cache: out = softmax(scale * q k^T + bias) v. Immutable; any number of threads may
/// compute with one instance, each with its own scratch.
/// <para>
/// The arithmetic is fixed, so that results are equal to the bit for every instruction set, number of threads, and division
/// of tokens into batches. For one query and head, over each chunk of <see cref="ChunkPositions"/> positions that holds one
/// that the query sees:
/// </para>
/// <code>
///   s[p] = sum over i of (scale * q[i]) * k[p][i]     one fma chain in the order of i
///   s[p] = cap * tanh(s[p] * (1 / cap))               where there is a cap; LaneMath.Tanh
///   s[p] = fma(-slope, |distance|, s[p])              where there are slopes
///   m    = max s[p]                                   over positions that the query sees
///   e[p] = exp(s[p] - m)                              LaneMath.Exp; 0 for positions that the query does not see
///   l    = sum of e[p]                                16 partial sums by p mod 16, then LaneMath.Reduce
///   o[j] = sum over p of e[p] * v[p][j]               one fma chain in the order of p
/// </code>
/// and chunk after chunk, (m, l, o) is merged into (M, L, O): M' = max(M, m), L' = fma(L, exp(M - M'), l * exp(m - M')),
/// O' likewise. The result is O * (1 / L); with a sink t it is O * (exp(M - M') / L'), where M' = max(M, t) and
/// L' = fma(L, exp(M - M'), exp(t - M')).
/// </summary>
/// <remarks>
/// The work of a slice is a number of items for the threads to take: blocks of tokens of a KV head, each over all its
/// chunks; or, where there are too few tokens for that, single chunks of a KV head, whose results <see cref="Merge"/> merges
/// after a barrier. All query heads of a KV head are computed together, so keys and values are read once.
/// Source of the merging formula: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018.
/// </remarks>
internal abstract unsafe class AttentionKernel
{
    /// <summary>Positions whose partial results are computed separately and then merged.</summary>
    public const int ChunkPositions = KvLayout.ChunkPositions;

    // Query rows that share an expanded key or value: enough to make expanding cheap, few enough for the cache.
    private const int GreatestBlockRows = 96;

    private protected AttentionKernel(AttentionShape shape, KvLayout layout)
    {
        Shape = shape;
        Layout = layout;
        Group = shape.Group;
        BlockTokens = int.Max(1, GreatestBlockRows / Group);
        ValueLanes = KvLayout.ValueLanes(shape.ValueLength);
    }

    /// <summary>The sizes, the treatment of scores and the mask.</summary>
    public AttentionShape Shape { get; }

    /// <summary>The memory layout of the caches in slices.</summary>
    public KvLayout Layout { get; }

    /// <summary>Bytes of scratch that a thread needs for <see cref="Compute"/>, 64-byte aligned.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Query heads of a KV head.</summary>
    protected int Group { get; }

    /// <summary>Tokens of a block.</summary>
    protected int BlockTokens { get; }

    /// <summary>Floats of o: a value rounded up to whole vectors.</summary>
    protected int ValueLanes { get; }

    /// <summary>Floats of a partial result: o, then m and l, in whole cache lines.</summary>
    protected int PartialFloats => ValueLanes + 16;

    /// <summary>Creates a kernel for vectors of a given width, which the instruction set chooses.</summary>
    /// <param name="shape">The sizes, the treatment of scores and the mask.</param>
    /// <param name="keyType">Type of cached keys: F32, F16, BF16, Q8_0 or Q4_0.</param>
    /// <param name="valueType">Type of cached values, one of the same.</param>
    /// <exception cref="ArgumentException">Sizes that do not fit together, or a type that a cache cannot have.</exception>
    public static AttentionKernel Create<TLanes>(AttentionShape shape, TensorType keyType, TensorType valueType)
        where TLanes : struct, ILanes<TLanes>
    {
        shape.Validate();
        return new AttentionKernel<TLanes>(shape, new KvLayout(keyType, valueType, shape.KeyLength, shape.ValueLength));
    }

    /// <summary>Computes the greatest number of bytes that a batch can need for partial results.</summary>
    /// <param name="positions">Positions of the longest sequence.</param>
    /// <param name="sequences">Sequences of a batch.</param>
    /// <param name="tokens">Tokens of a batch, of all sequences together.</param>
    public long MostPartialBytes(int positions, int sequences, int tokens)
    {
        // Only slices of up to BlockTokens are split, and a window's slice touches few chunks.
        long reach = Shape.Reach is { } back ? (back + (long)BlockTokens + ChunkPositions - 3) / ChunkPositions + 1 : int.MaxValue;
        return long.Min(Chunks(positions), reach) * long.Min(tokens, (long)sequences * BlockTokens) * PartialRowBytes;
    }

    /// <summary>Computes how many bytes a slice needs for partial results.</summary>
    public long PartialBytes(int start, int tokens) =>
        IsSplit(start, tokens) ? (long)SpannedChunks(start, tokens) * tokens * PartialRowBytes : 0;

    /// <summary>Counts the items of <see cref="Compute"/> for new tokens from position <paramref name="start"/>.</summary>
    public int Items(int start, int tokens) =>
        Shape.KvHeads * (IsSplit(start, tokens) ? SpannedChunks(start, tokens) : (tokens + BlockTokens - 1) / BlockTokens);

    /// <summary>Counts the items of <see cref="Merge"/>: 0 where <see cref="Compute"/> writes the output.</summary>
    public int MergeItems(int start, int tokens) => IsSplit(start, tokens) ? tokens * Shape.Heads : 0;

    /// <summary>Computes one item; the first items take longest. Several threads may compute items at once.</summary>
    /// <param name="slice">The sequence's part of the batch.</param>
    /// <param name="item">0 to Items - 1.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes of the calling thread, 64-byte aligned.</param>
    public abstract void Compute(in AttentionSlice slice, int item, byte* scratch);

    /// <summary>Merges the partial results of one token and head, after all items of <see cref="Compute"/>.</summary>
    /// <param name="slice">As for <see cref="Compute"/>.</param>
    /// <param name="item">0 to MergeItems - 1.</param>
    public void Merge(in AttentionSlice slice, int item)
    {
        int token = item / Shape.Heads;
        int head = item % Shape.Heads;
        int position = slice.Start + token;
        int kvHead = head / Group;
        int row = (token * Group) + (head % Group);
        int chunk = FirstChunk(position);
        float* partial = Partial(slice, chunk, kvHead, row);
        for (int end = EndChunk(position, slice.End); ++chunk < end;)
        {
            MergeInto(partial, Partial(slice, chunk, kvHead, row));
        }

        Finish(slice, token, head, partial);
    }

    /// <summary>Gets the first chunk with a key that the query at a position sees.</summary>
    protected int FirstChunk(int position) => Shape.FirstKey(position) / ChunkPositions;

    /// <summary>Gets one past the last chunk with a key that the query at a position sees.</summary>
    protected int EndChunk(int position, int end) => Chunks(Shape.EndKey(position, end));

    /// <summary>Merges the partial result of a later chunk into that of the chunks before it.</summary>
    protected abstract void MergeInto(float* partial, float* next);

    /// <summary>Writes the output of a token and head, o / l, with the head's sink in l.</summary>
    protected void Finish(in AttentionSlice slice, int token, int head, float* partial)
    {
        float m = partial[ValueLanes];
        float l = partial[ValueLanes + 1];
        float factor = 1;
        if (Shape.Sinks is { } sinks)
        {
            float max = sinks[head] > m ? sinks[head] : m;
            factor = LaneMath.Exp(m - max);
            l = float.FusedMultiplyAdd(l, factor, LaneMath.Exp(sinks[head] - max));
        }

        factor /= l;
        float* output = slice.Output + ((long)token * slice.OutputStride) + ((long)head * Shape.ValueLength);
        for (int i = 0; i < Shape.ValueLength; i++)
        {
            output[i] = partial[i] * factor;
        }
    }

    /// <summary>Gets a partial result of a split slice: [chunk][KV head][row: token, head of the group][PartialFloats].</summary>
    protected float* Partial(in AttentionSlice slice, int chunk, int kvHead, int row)
    {
        long block = ((long)(chunk - FirstChunk(slice.Start)) * Shape.KvHeads) + kvHead;
        return slice.Partials + (((block * slice.Tokens * Group) + row) * PartialFloats);
    }

    private long PartialRowBytes => (long)Shape.Heads * PartialFloats * sizeof(float);

    private static int Chunks(int positions) => (positions + ChunkPositions - 1) / ChunkPositions;

    /// <summary>Counts the chunks with a key that one of the tokens sees.</summary>
    private int SpannedChunks(int start, int tokens) => EndChunk(start + tokens - 1, start + tokens) - FirstChunk(start);

    /// <summary>Whether the items of a slice are chunks, whose results <see cref="Merge"/> merges.</summary>
    protected bool IsSplit(int start, int tokens) => tokens <= BlockTokens && SpannedChunks(start, tokens) > 1;
}
