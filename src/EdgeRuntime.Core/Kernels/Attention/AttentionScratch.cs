namespace EdgeRuntime.Kernels.Attention;

/// <summary>A thread's scratch for a block of rows, cut into its parts. Owns nothing.</summary>
internal readonly unsafe struct AttentionScratch
{
    /// <param name="memory">64-byte aligned; null to learn the size.</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="keyLength">Elements of a key.</param>
    /// <param name="valueLanes">Floats of a row of output.</param>
    public AttentionScratch(byte* memory, long rows, int keyLength, int valueLanes)
    {
        long bytes = 0;
        Queries = Take(memory, ref bytes, rows * keyLength);
        Scores = Take(memory, ref bytes, rows * KvLayout.ChunkPositions);
        Output = Take(memory, ref bytes, rows * valueLanes);
        ChunkOutput = Take(memory, ref bytes, rows * valueLanes);
        MaxSum = Take(memory, ref bytes, rows * 2);
        ChunkMaxSum = Take(memory, ref bytes, rows * 2);
        Expanded = Take(memory, ref bytes, (long)KvProduct.ExpandPositions * int.Max(keyLength, valueLanes));
        Bytes = bytes;
    }

    /// <summary>[rows][keyLength], scaled.</summary>
    public float* Queries { get; }

    /// <summary>[rows][256].</summary>
    public float* Scores { get; }

    /// <summary>[rows][valueLanes].</summary>
    public float* Output { get; }

    /// <summary>[rows][valueLanes].</summary>
    public float* ChunkOutput { get; }

    /// <summary>[rows][2].</summary>
    public float* MaxSum { get; }

    /// <summary>[rows][2].</summary>
    public float* ChunkMaxSum { get; }

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
