using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>
/// Holds the keys and values of one sequence: for each layer and KV head the positions 0 to <see cref="Length"/> - 1, or, in layers with a
/// window, the last of them. Owns its memory. The system commits memory as it is written, so an empty cache of any capacity costs nothing.
/// For one caller at a time, except that threads may store different positions or heads at once.
/// </summary>
/// <remarks>
/// <para>A batch calls <see cref="Reserve"/>, <see cref="Store"/> for all layers, then <see cref="Advance"/>. Reserve may already discard
/// positions that a window does not need after the batch, whether the batch is completed or not.</para>
/// <para>The memory is a row of chunks of 256 positions, each with all layers and heads of a ring. So it grows from one end with the
/// sequence, as large pages need, and the data of one work item of attention is contiguous.</para>
/// </remarks>
internal sealed unsafe partial class KvCache : IDisposable
{
    private readonly NativeBuffer[] _memory;

    // [rings]: the first position that was stored or restored since the cache was last empty.
    private readonly int[] _firstStored;

    // One past the greatest position that was reserved since the cache was last empty. Rings have discarded positions for it.
    private int _reserved;

    /// <inheritdoc cref="KvPlan(ReadOnlySpan{KvGeometry}, int, int)"/>
    /// <exception cref="OutOfMemoryException">The system has no address space of that size.</exception>
    public KvCache(ReadOnlySpan<KvGeometry> layers, int capacity, int batchTokens)
    {
        Plan = new KvPlan(layers, capacity, batchTokens);
        _memory = new NativeBuffer[Plan.Rings.Length];
        _firstStored = new int[Plan.Rings.Length];
        for (int ring = 0; ring < _memory.Length; ring++)
        {
            _memory[ring] = new NativeBuffer(Plan.Rings[ring].Bytes);
            _memory[ring].PreferLargePages();
        }
    }

    /// <summary>Gets the layers, their sizes and places.</summary>
    public KvPlan Plan { get; }

    /// <summary>Gets the greatest number of positions.</summary>
    public int Capacity => Plan.Capacity;

    /// <summary>Gets the number of filled positions.</summary>
    public int Length { get; private set; }

    /// <summary>Gets the bytes of memory at full length.</summary>
    public long ByteSize
    {
        get
        {
            long bytes = 0;
            foreach (NativeBuffer memory in _memory)
            {
                bytes += memory.ByteLength;
            }

            return bytes;
        }
    }

    /// <summary>Makes room for the positions of a batch, which may be stored then.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More positions than are free, or than the largest batch of a ring.</exception>
    public void Reserve(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)positions, (uint)(Capacity - Length), nameof(positions));
        if (!IsWhole)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(positions, Plan.BatchTokens);
        }

        _reserved = int.Max(_reserved, Length + positions);
    }

    /// <summary>Writes one position of one head. <see cref="Advance"/> then counts it.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kvHead">The KV head.</param>
    /// <param name="position">A reserved position.</param>
    /// <param name="key">[keyLength], rotated.</param>
    /// <param name="value">[valueLength].</param>
    public void Store(int layer, int kvHead, int position, float* key, float* value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)_reserved, nameof(position));
        byte* chunk = Chunk(layer, kvHead, position);
        KvLayout layout = Plan.Layers[layer].Layout;
        layout.StoreKey(chunk, position % KvLayout.ChunkPositions, key);
        layout.StoreValue(chunk, position % KvLayout.ChunkPositions, value);
    }

    /// <summary>Sets the place of a layer's keys and values in a slice.</summary>
    public void Fill(ref AttentionSlice slice, int layer)
    {
        KvPlan.Layer place = Plan.Layers[layer];
        slice.Chunks = _memory[place.Ring].Pointer + place.Offset;
        slice.ChunkStride = Plan.Rings[place.Ring].ChunkBytes;
        slice.RingChunks = Plan.Rings[place.Ring].Chunks;
        slice.HeadStride = place.Layout.ChunkBytes;
    }

    /// <summary>Counts positions that were stored in every layer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More positions than are reserved.</exception>
    public void Advance(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)positions, (uint)(_reserved - Length), nameof(positions));
        Length += positions;
    }

    /// <summary>
    /// Returns whether <see cref="Truncate"/> can return to a length: every layer still has the positions that it needs to continue from
    /// there. This is so for 0, and for all lengths if no layer has a window.
    /// </summary>
    public bool CanTruncate(int length)
    {
        if ((uint)length > (uint)Length)
        {
            return false;
        }

        for (int ring = 0; ring < _memory.Length; ring++)
        {
            if (length > 0 && Plan.Rings[ring].FirstNeeded(length) < FirstKept(ring))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="Length"/>, or negative.</exception>
    /// <exception cref="InvalidOperationException"><see cref="CanTruncate"/> is false: a window needs positions that are gone.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        if (!CanTruncate(length))
        {
            throw new InvalidOperationException(
                $"the KV cache can't return from {Length} to {length} positions: a window needs positions that are gone");
        }

        Length = length;
        if (length == 0)
        {
            _reserved = 0;
            Array.Clear(_firstStored);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer memory in _memory)
        {
            memory.Dispose();
        }
    }

    /// <summary>Gets whether every layer keeps all positions.</summary>
    private bool IsWhole
    {
        get
        {
            foreach (KvPlan.Ring ring in Plan.Rings)
            {
                if (!Plan.IsWhole(ring))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Returns the first position that a ring still has.</summary>
    private int FirstKept(int ring) =>
        int.Max(_firstStored[ring], (KvPlan.Chunks(_reserved) - Plan.Rings[ring].Chunks) * KvLayout.ChunkPositions);

    /// <summary>Returns the chunk of a head that holds a position.</summary>
    private byte* Chunk(int layer, int kvHead, int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Plan.Layers.Length, nameof(layer));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)kvHead, (uint)Plan.Geometries[layer].KvHeads, nameof(kvHead));
        KvPlan.Layer place = Plan.Layers[layer];
        return RingChunk(place.Ring, position / KvLayout.ChunkPositions) + place.Offset + (kvHead * (long)place.Layout.ChunkBytes);
    }

    /// <summary>Returns a chunk with all layers and heads of a ring.</summary>
    private byte* RingChunk(int ring, int chunk) =>
        _memory[ring].Pointer + (chunk % Plan.Rings[ring].Chunks * Plan.Rings[ring].ChunkBytes);
}
