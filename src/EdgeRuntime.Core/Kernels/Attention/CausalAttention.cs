using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// Causal grouped-query attention over a KV cache: out = softmax(scale * q k^T) v. Immutable; any number of threads may
/// compute with one instance, each with its own scratch.
/// <para>
/// The arithmetic is fixed, so that results are equal to the bit for every instruction set, number of threads, and division
/// of tokens into batches. For one query and head, over each chunk of <see cref="ChunkPositions"/> positions from 0:
/// </para>
/// <code>
///   s[p] = sum over i of (scale * q[i]) * k[p][i]     one fma chain in the order of i
///   m    = max s[p]
///   e[p] = exp(s[p] - m)                              LaneMath.Exp; 0 for positions that the query does not see
///   l    = sum of e[p]                                16 partial sums by p mod 16, then LaneMath.Reduce
///   o[j] = sum over p of e[p] * v[p][j]               one fma chain in the order of p
/// </code>
/// and chunk after chunk (m, l, o) goes into what there is: M' = max(M, m), L' = fma(L, exp(M - M'), l * exp(m - M')),
/// O' likewise. The result is O * (1 / L).
/// </summary>
/// <remarks>
/// The work of a slice is a number of items for the threads to take: blocks of tokens of a KV head, each over all its
/// chunks; or, where there are too few tokens for that, single chunks of a KV head whose parts <see cref="Merge"/> brings
/// together after a barrier. All query heads of a KV head are computed together, so keys and values are read once.
/// Source of the merging formula: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018.
/// </remarks>
internal abstract unsafe class CausalAttention
{
    /// <summary>Positions whose results are computed alone and then merged.</summary>
    public const int ChunkPositions = KvLayout.ChunkPositions;

    // Query rows that share an expanded key or value: enough to make expanding cheap, few enough for the cache.
    private const int GreatestBlockRows = 96;

    private protected CausalAttention(int heads, int kvHeads, int keyLength, int valueLength, float scale)
    {
        Heads = heads;
        KvHeads = kvHeads;
        KeyLength = keyLength;
        ValueLength = valueLength;
        Scale = scale;
        Group = heads / kvHeads;
        BlockTokens = int.Max(1, GreatestBlockRows / Group);
        ValueLanes = KvLayout.ValueLanes(valueLength);
    }

    public int Heads { get; }

    public int KvHeads { get; }

    public int KeyLength { get; }

    public int ValueLength { get; }

    /// <summary>Factor of the scores, as a rule 1 / sqrt(KeyLength).</summary>
    public float Scale { get; }

    /// <summary>Bytes of scratch that a thread needs for <see cref="Compute"/>, 64-byte aligned.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Query heads of a KV head.</summary>
    protected int Group { get; }

    /// <summary>Tokens of a block.</summary>
    protected int BlockTokens { get; }

    /// <summary>Floats of a row of output in scratch and partials.</summary>
    protected int ValueLanes { get; }

    /// <summary>Floats of a partial result: o, then m and l, whole cache lines.</summary>
    protected int PartialFloats => ValueLanes + 16;

    /// <param name="heads">Query heads, a multiple of <paramref name="kvHeads"/>.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="keyLength">Elements of a head's query and key.</param>
    /// <param name="valueLength">Elements of a head's value and output.</param>
    /// <param name="scale">Factor of the scores.</param>
    /// <param name="type">Type of the cache: F32, F16, BF16 or Q8_0.</param>
    /// <exception cref="ArgumentException">Sizes that do not fit together, or a type that no cache can have.</exception>
    public static CausalAttention Create<TLanes>(int heads, int kvHeads, int keyLength, int valueLength, float scale, TensorType type)
        where TLanes : struct, ILanes<TLanes>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueLength, 1);
        if (heads < 1 || heads % kvHeads != 0)
        {
            throw new ArgumentException($"{heads} query heads cannot be shared out among {kvHeads} KV heads; a multiple is needed");
        }

        return type switch
        {
            TensorType.F32 => new CausalAttention<TLanes, KvFloat32>(heads, kvHeads, keyLength, valueLength, scale),
            TensorType.F16 => new CausalAttention<TLanes, KvFloat16<HalfFormat>>(heads, kvHeads, keyLength, valueLength, scale),
            TensorType.BF16 => new CausalAttention<TLanes, KvFloat16<BFloat16Format>>(heads, kvHeads, keyLength, valueLength, scale),
            TensorType.Q8_0 => new CausalAttention<TLanes, KvInt8>(heads, kvHeads, keyLength, valueLength, scale),
            _ => throw new ArgumentException($"a KV cache cannot be {type}; use F32, F16, BF16 or Q8_0", nameof(type)),
        };
    }

    /// <summary>Bytes that <see cref="AttentionSlice.Partials"/> needs for sequences of up to so many positions.</summary>
    public long PartialBytes(int positions) =>
        (long)Chunks(positions) * BlockTokens * Heads * PartialFloats * sizeof(float);

    /// <summary>Items of <see cref="Compute"/> for so many new tokens from position <paramref name="start"/>.</summary>
    public int Items(int start, int tokens) =>
        KvHeads * (IsSplit(start, tokens) ? Chunks(start + tokens) : (tokens + BlockTokens - 1) / BlockTokens);

    /// <summary>Items of <see cref="Merge"/>: 0 where <see cref="Compute"/> has written the output.</summary>
    public int MergeItems(int start, int tokens) => IsSplit(start, tokens) ? tokens * Heads : 0;

    /// <summary>Computes one item; the longest come first. Items may be computed by several threads at once.</summary>
    /// <param name="slice">What to compute.</param>
    /// <param name="item">0 to Items - 1.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes of the calling thread, 64-byte aligned.</param>
    public void Compute(in AttentionSlice slice, int item, byte* scratch)
    {
        if (IsSplit(slice.Start, slice.Tokens))
        {
            ComputeChunk(slice, item % KvHeads, item / KvHeads, scratch);
        }
        else
        {
            int blocks = (slice.Tokens + BlockTokens - 1) / BlockTokens;
            ComputeBlock(slice, item % KvHeads, blocks - 1 - (item / KvHeads), scratch);
        }
    }

    /// <summary>Brings the parts of one token and head together, once all items are computed.</summary>
    /// <param name="slice">As for <see cref="Compute"/>.</param>
    /// <param name="item">0 to MergeItems - 1.</param>
    public void Merge(in AttentionSlice slice, int item)
    {
        int token = item / Heads;
        int head = item % Heads;
        int chunks = Chunks(slice.Start + token + 1);
        float* first = Partial(slice, 0, head, token);
        for (int chunk = 1; chunk < chunks; chunk++)
        {
            float* next = Partial(slice, chunk, head, token);
            MergeInto(first, ref first[ValueLanes], ref first[ValueLanes + 1], next, next[ValueLanes], next[ValueLanes + 1]);
        }

        Finish(first, first[ValueLanes + 1], slice.Output + ((long)token * slice.OutputStride) + ((long)head * ValueLength));
    }

    protected static int Chunks(int positions) => (positions + ChunkPositions - 1) / ChunkPositions;

    /// <summary>All chunks of a block of tokens of a KV head, into the output.</summary>
    protected abstract void ComputeBlock(in AttentionSlice slice, int kvHead, int block, byte* scratch);

    /// <summary>One chunk of a KV head for all tokens, into the partials.</summary>
    protected abstract void ComputeChunk(in AttentionSlice slice, int kvHead, int chunk, byte* scratch);

    /// <summary>Merges a later chunk's (o, m, l) into what there is.</summary>
    protected abstract void MergeInto(float* o, ref float m, ref float l, float* nextO, float nextM, float nextL);

    /// <summary>output = o / l.</summary>
    protected abstract void Finish(float* o, float l, float* output);

    /// <summary>(o, m, l) of a chunk, head and token: [chunk][head][token][PartialFloats].</summary>
    protected float* Partial(in AttentionSlice slice, int chunk, int head, int token) =>
        slice.Partials + ((((((long)chunk * Heads) + head) * BlockTokens) + token) * PartialFloats);

    private bool IsSplit(int start, int tokens) => tokens <= BlockTokens && start + tokens > ChunkPositions;
}
