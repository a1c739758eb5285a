namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// One sequence's part of a batch in one layer: its new tokens' queries, the cache that they look at, and where results go.
/// The keys and values of the new tokens are in the cache already. Owns nothing.
/// </summary>
internal unsafe struct AttentionSlice
{
    /// <summary>The first chunk of the layer's first KV head, laid out as <see cref="KvLayout"/> says.</summary>
    public byte* Chunks;

    /// <summary>Bytes from one chunk of a head to its next.</summary>
    public long ChunkStride;

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

    /// <summary>Position of the first new token; token t sees the positions 0 to start + t.</summary>
    public int Start;

    /// <summary>New tokens, at least 1.</summary>
    public int Tokens;

    /// <summary>CausalAttention.PartialBytes(positions) bytes for what <see cref="CausalAttention.Merge"/> brings together, 64-byte aligned.</summary>
    public float* Partials;
}
