using System;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>
/// Keys and values of one sequence: for each layer and KV head the positions 0 to <see cref="Length"/> - 1. Owns its memory,
/// which the system provides as it is written, so an empty cache of any capacity costs nothing. For one caller at a time,
/// except that threads may store different positions or heads at once.
/// </summary>
/// <remarks>
/// Chunk after chunk of 256 positions, each with all layers and heads: memory grows from one end as the sequence does, which
/// large pages need, and what a work item of attention reads lies together.
/// </remarks>
internal sealed unsafe class KvCache : IDisposable
{
    private readonly KvLayout _layout;
    private readonly NativeBuffer _memory;
    private readonly long _chunkStride;

    /// <param name="layers">Layers with attention.</param>
    /// <param name="kvHeads">KV heads of a layer.</param>
    /// <param name="keyLength">Elements of a head's key.</param>
    /// <param name="valueLength">Elements of a head's value.</param>
    /// <param name="capacity">Most positions.</param>
    /// <param name="type">Number format.</param>
    /// <exception cref="OutOfMemoryException">The system has no address space of that size.</exception>
    public KvCache(int layers, int kvHeads, int keyLength, int valueLength, int capacity, KvCacheType type)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _layout = new KvLayout(TensorTypeOf(type), TensorTypeOf(type), keyLength, valueLength);
        Layers = layers;
        KvHeads = kvHeads;
        Capacity = capacity;
        Type = type;
        _chunkStride = checked(layers * (long)kvHeads * _layout.ChunkBytes);
        _memory = new NativeBuffer(checked(((capacity - 1L) / KvLayout.ChunkPositions + 1) * _chunkStride));
        _memory.PreferLargePages();
    }

    /// <summary>A cache of the layers that share one.</summary>
    public static KvCache Create(CachePlan plan, EngineStateOptions options)
    {
        KvGeometry geometry = plan.Layers[0];
        return new KvCache(plan.Layers.Count, geometry.KvHeads, geometry.KeyLength, geometry.ValueLength, options.Capacity, options.KeyType);
    }

    /// <summary>Bytes of the cache that <see cref="Create"/> makes.</summary>
    public static long PlanBytes(CachePlan plan, EngineStateOptions options)
    {
        KvGeometry geometry = plan.Layers[0];
        var layout = new KvLayout(TensorTypeOf(options.KeyType), TensorTypeOf(options.KeyType), geometry.KeyLength, geometry.ValueLength);
        return ((options.Capacity - 1L) / KvLayout.ChunkPositions + 1) * plan.Layers.Count * geometry.KvHeads * layout.ChunkBytes;
    }

    public int Layers { get; }

    public int KvHeads { get; }

    /// <summary>Most positions.</summary>
    public int Capacity { get; }

    /// <summary>Positions that are filled.</summary>
    public int Length { get; private set; }

    public KvCacheType Type { get; }

    /// <summary>Bytes at full length.</summary>
    public long ByteSize => _memory.ByteLength;

    /// <summary>The tensor type that attention kernels know the format by.</summary>
    public static TensorType TensorTypeOf(KvCacheType type) => type switch
    {
        KvCacheType.F32 => TensorType.F32,
        KvCacheType.F16 => TensorType.F16,
        KvCacheType.BF16 => TensorType.BF16,
        KvCacheType.Q8_0 => TensorType.Q8_0,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "use F32, F16, BF16 or Q8_0"),
    };

    /// <summary>Writes one position of one head; the position counts once <see cref="Advance"/> says so.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="kvHead">KV head.</param>
    /// <param name="position">Below <see cref="Capacity"/>.</param>
    /// <param name="key">[keyLength], rotated.</param>
    /// <param name="value">[valueLength].</param>
    public void Store(int layer, int kvHead, int position, float* key, float* value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Capacity, nameof(position));
        byte* chunk = Chunk(layer, kvHead, position);
        _layout.StoreKey(chunk, position % KvLayout.ChunkPositions, key);
        _layout.StoreValue(chunk, position % KvLayout.ChunkPositions, value);
    }

    /// <summary>Sets where a layer's keys and values lie.</summary>
    public void Fill(ref AttentionSlice slice, int layer)
    {
        slice.Chunks = Chunk(layer, kvHead: 0, position: 0);
        slice.ChunkStride = _chunkStride;
        slice.RingChunks = ((Capacity - 1) / KvLayout.ChunkPositions) + 1;
        slice.HeadStride = _layout.ChunkBytes;
    }

    /// <summary>Counts positions that were stored in every layer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are more than the capacity leaves.</exception>
    public void Advance(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)positions, (uint)(Capacity - Length), nameof(positions));
        Length += positions;
    }

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="Length"/>, or negative.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length = length;
    }

    /// <summary>
    /// Drops the positions [keep, keep + count) and moves the later ones down. Their keys are turned back by
    /// <paramref name="count"/> positions and rounded again; values move as they are.
    /// </summary>
    /// <param name="keep">Positions at the start that stay.</param>
    /// <param name="count">Positions to drop.</param>
    /// <param name="cos">[rotated / 2]: cosine of -count * frequency, without any magnitude factor.</param>
    /// <param name="sin">[rotated / 2]: sine of the same angles.</param>
    /// <param name="pairing">The model's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cache has no such positions.</exception>
    public void Shift(int keep, int count, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, RopePairing pairing)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)keep, (uint)Length, nameof(keep));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Length - keep), nameof(count));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cos.Length, _layout.KeyLength / 2, nameof(cos));
        ArgumentOutOfRangeException.ThrowIfNotEqual(sin.Length, cos.Length, nameof(sin));
        if (count == 0)
        {
            return;
        }

        using NativeBuffer scratch = new(sizeof(float) * (KvLayout.PanelPositions + 1L) * _layout.KeyLength);
        fixed (float* cosTable = cos, sinTable = sin)
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                for (int kvHead = 0; kvHead < KvHeads; kvHead++)
                {
                    ShiftKeys(layer, kvHead, keep, count, cosTable, sinTable, 2 * cos.Length, pairing, (float*)scratch.Pointer);
                    ShiftValues(layer, kvHead, keep, count);
                }
            }
        }

        Length -= count;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The chunk of a head that holds a position.</summary>
    private byte* Chunk(int layer, int kvHead, int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Layers, nameof(layer));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)kvHead, (uint)KvHeads, nameof(kvHead));
        return _memory.Pointer + (position / KvLayout.ChunkPositions * _chunkStride) +
            (((layer * (long)KvHeads) + kvHead) * _layout.ChunkBytes);
    }

    private void ShiftKeys(
        int layer, int kvHead, int keep, int count, float* cos, float* sin, int rotated, RopePairing pairing, float* scratch)
    {
        float* panel = scratch;
        float* key = scratch + (KvLayout.PanelPositions * _layout.KeyLength);
        int expanded = -1;
        for (int position = keep + count; position < Length; position++)
        {
            // The panel is read before any of its lanes is overwritten: positions only move down.
            if (position / KvLayout.PanelPositions != expanded)
            {
                expanded = position / KvLayout.PanelPositions;
                int panelOfChunk = position % KvLayout.ChunkPositions / KvLayout.PanelPositions;
                _layout.ExpandKeys(Chunk(layer, kvHead, position), panelOfChunk, panel);
            }

            for (int i = 0; i < _layout.KeyLength; i++)
            {
                key[i] = panel[(i * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
            }

            Rope.Apply(key, 1, _layout.KeyLength, rotated, cos, sin, pairing);
            int to = position - count;
            _layout.StoreKey(Chunk(layer, kvHead, to), to % KvLayout.ChunkPositions, key);
        }
    }

    private void ShiftValues(int layer, int kvHead, int keep, int count)
    {
        for (int position = keep + count; position < Length; position++)
        {
            byte* from = ValueRow(layer, kvHead, position);
            new ReadOnlySpan<byte>(from, _layout.ValueRowBytes)
                .CopyTo(new Span<byte>(ValueRow(layer, kvHead, position - count), _layout.ValueRowBytes));
        }
    }

    private byte* ValueRow(int layer, int kvHead, int position) =>
        _layout.ValueRow(Chunk(layer, kvHead, position), position % KvLayout.ChunkPositions);
}
