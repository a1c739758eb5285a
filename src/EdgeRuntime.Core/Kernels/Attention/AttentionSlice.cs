namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// One sequence's part of a batch in one layer: its new tokens' queries, their cache, and the memory for results.
/// The keys and values of the new tokens are in the cache already. Owns nothing.
/// </summary>
internal unsafe struct AttentionSlice
{
    /// <summary>Chunk 0 of the layer's first KV head, laid out as <see cref="KvLayout"/> says.</summary>
    public byte* Chunks;

    /// <summary>Bytes from one chunk of a head to its next.</summary>
    public long ChunkStride;

    /// <summary>The number of chunks that the cache holds: chunk c is stored in place c modulo this number.</summary>
    public int RingChunks;

    /// <summary>Bytes from one KV head's chunk to the next head's.</summary>
    public long HeadStride;

    /// <summary>[tokens][heads * keyLength], rotated, not scaled.</summary>
    public float* Queries;

    /// <summary>Floats from one token's queries to the next one's.</summary>
    public int QueryStride;

    /// <summary>[tokens][heads * valueLength].</summary>
    public float* Output;

    /// <summary>Floats from one token's output to the next one's.</summary>
    public int OutputStride;

    /// <summary>Position of the first new token.</summary>
    public int Start;

    /// <summary>New tokens, at least 1.</summary>
    public int Tokens;

    /// <summary>The memory for the slice's partial results, 64-byte aligned; <see cref="AttentionBatch.Add"/> sets it.</summary>
    public float* Partials;

    /// <summary>Positions that have keys: one past the last new token.</summary>
    public readonly int End => Start + Tokens;

    /// <summary>Gets a KV head's chunk.</summary>
    public readonly byte* Chunk(int chunk, int kvHead) => Chunks + (chunk % RingChunks * ChunkStride) + (kvHead * HeadStride);
}
