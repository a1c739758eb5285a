namespace EdgeRuntime.Kernels.Attention;

/// <summary>A thread's scratch for a block of rows, divided into its parts. Owns nothing.</summary>
internal readonly unsafe struct AttentionScratch
{
    /// <param name="memory">64-byte aligned; null to compute only the size.</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="keyLength">Elements of a key.</param>
    /// <param name="partialFloats">Floats of a partial result, more than those of an expanded value.</param>
    public AttentionScratch(byte* memory, long rows, int keyLength, int partialFloats)
    {
        long bytes = 0;
        Queries = Take(memory, ref bytes, rows * keyLength);
        Scores = Take(memory, ref bytes, rows * KvLayout.ChunkPositions);
        Partials = Take(memory, ref bytes, rows * partialFloats);
        ChunkPartials = Take(memory, ref bytes, rows * partialFloats);
        Expanded = Take(memory, ref bytes, (long)KvLayout.ExpandPositions * int.Max(keyLength, partialFloats));
        Bytes = bytes;
    }

    /// <summary>[rows][keyLength], scaled.</summary>
    public float* Queries { get; }

    /// <summary>[rows][256].</summary>
    public float* Scores { get; }

    /// <summary>[rows][partialFloats]: the results of all chunks so far.</summary>
    public float* Partials { get; }

    /// <summary>[rows][partialFloats]: the results of one chunk.</summary>
    public float* ChunkPartials { get; }

    /// <summary>Keys [4][keyLength][16] or values [64][valueLanes].</summary>
    public float* Expanded { get; }

    /// <summary>Bytes of all parts.</summary>
    public long Bytes { get; }

    private static float* Take(byte* memory, ref long bytes, long floats)
    {
        float* part = (float*)(memory + bytes);
        bytes += ((floats * sizeof(float)) + 63) & ~63L;
        return part;
    }
}
