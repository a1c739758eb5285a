using System;
using System.Collections.Generic;
using EdgeRuntime.Kernels.Attention;

namespace EdgeRuntime.State;

/// <summary>
/// The places of all keys and values in a cache. They follow from the layers, the capacity and the largest batch alone, so that the memory
/// of a cache is known without creating one. Layers with the same window share a ring of chunks; a ring without a window is as long as
/// the cache. Immutable.
/// </summary>
internal sealed class KvPlan
{
    private readonly KvGeometry[] _geometries;
    private readonly Layer[] _layers;
    private readonly Ring[] _rings;

    /// <param name="layers">The keys and values of each layer, in the order of the cache's layers.</param>
    /// <param name="capacity">The greatest number of positions.</param>
    /// <param name="batchTokens">The most positions that are stored before attention reads the first of them.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a type is not one of a cache.</exception>
    public KvPlan(ReadOnlySpan<KvGeometry> layers, int capacity, int batchTokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(layers.Length, nameof(layers));
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1);
        Capacity = capacity;
        BatchTokens = batchTokens;
        _geometries = layers.ToArray();
        _layers = new Layer[layers.Length];
        List<Ring> rings = [];
        for (int i = 0; i < layers.Length; i++)
        {
            KvGeometry geometry = layers[i];
            ArgumentOutOfRangeException.ThrowIfLessThan(geometry.KvHeads, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(geometry.Window);
            KvLayout layout = new(geometry.KeyType, geometry.ValueType, geometry.KeyLength, geometry.ValueLength);
            int ring = rings.FindIndex(candidate => candidate.Window == geometry.Window);
            if (ring < 0)
            {
                ring = rings.Count;
                rings.Add(new Ring(geometry.Window, RingChunks(geometry.Window), 0));
            }

            _layers[i] = new Layer(ring, rings[ring].ChunkBytes, layout);
            rings[ring] = rings[ring] with { ChunkBytes = checked(rings[ring].ChunkBytes + (geometry.KvHeads * (long)layout.ChunkBytes)) };
        }

        _rings = [.. rings];
        foreach (Ring ring in _rings)
        {
            Bytes = checked(Bytes + ring.Bytes);
        }
    }

    /// <summary>Gets the greatest number of positions.</summary>
    public int Capacity { get; }

    /// <summary>Gets the greatest number of positions of a batch.</summary>
    public int BatchTokens { get; }

    /// <summary>Gets the bytes of the cache's memory, which the system commits as positions are stored.</summary>
    public long Bytes { get; }

    /// <summary>Gets the keys and values of each layer.</summary>
    public ReadOnlySpan<KvGeometry> Geometries => _geometries;

    /// <summary>Gets the place of each layer.</summary>
    public ReadOnlySpan<Layer> Layers => _layers;

    /// <summary>Gets the rings of chunks, one for each size of window.</summary>
    public ReadOnlySpan<Ring> Rings => _rings;

    /// <summary>Returns whether a ring keeps all positions of a full cache.</summary>
    public bool IsWhole(Ring ring) => ring.Chunks == Chunks(Capacity);

    /// <summary>Returns the number of chunks that hold the positions [0, positions).</summary>
    public static int Chunks(int positions) => (int)(((long)positions + KvLayout.ChunkPositions - 1) / KvLayout.ChunkPositions);

    /// <summary>
    /// Returns the number of chunks for a batch and the window before it, wherever in a chunk they begin; at most those of the whole cache.
    /// </summary>
    private int RingChunks(int window)
    {
        long kept = (long)window - 1 + BatchTokens;
        long chunks = ((kept + KvLayout.ChunkPositions - 2) / KvLayout.ChunkPositions) + 1;
        return window == 0 ? Chunks(Capacity) : (int)long.Min(Chunks(Capacity), chunks);
    }

    /// <param name="Ring">The index of its ring.</param>
    /// <param name="Offset">Bytes from the start of a ring's chunk to the layer's part.</param>
    /// <param name="Layout">The layout of a head's chunk.</param>
    internal readonly record struct Layer(int Ring, long Offset, KvLayout Layout);

    /// <param name="Window">The number of positions that its layers attend to; 0 for all.</param>
    /// <param name="Chunks">The number of its chunks: chunk c has place c modulo this number.</param>
    /// <param name="ChunkBytes">Bytes of a chunk with all layers and heads.</param>
    internal readonly record struct Ring(int Window, int Chunks, long ChunkBytes)
    {
        /// <summary>Gets the bytes of all chunks.</summary>
        public long Bytes => checked(Chunks * ChunkBytes);

        /// <summary>Returns the first position whose keys and values a cache of so many positions needs to continue.</summary>
        /// <remarks>With a window of 1 the next position needs none. One is kept anyway, so that every length has a chunk.</remarks>
        public int FirstNeeded(int length) => Window == 0 ? 0 : (int)long.Max(0, (long)length + 1 - int.Max(Window, 2));
    }
}
