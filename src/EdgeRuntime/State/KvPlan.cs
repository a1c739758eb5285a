using System;
using System.Collections.Generic;
using EdgeRuntime.Kernels.Attention;

namespace EdgeRuntime.State;

/// <summary>
/// Where a cache keeps what: a pure function of its layers, its capacity and its largest batch, so that the memory of a cache
/// is known without one. Layers of one window share a ring of chunks; a ring without a window is as long as the cache.
/// Immutable.
/// </summary>
internal sealed class KvPlan
{
    private readonly KvGeometry[] _geometries;
    private readonly Layer[] _layers;
    private readonly Ring[] _rings;

    /// <param name="layers">What each layer keeps; the layers of the cache are numbered as these.</param>
    /// <param name="capacity">Most positions.</param>
    /// <param name="batchTokens">Most positions that are stored before the first of them is attended to.</param>
    /// <exception cref="ArgumentException">Sizes below 1, or a type that no cache can have.</exception>
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

    /// <summary>Most positions.</summary>
    public int Capacity { get; }

    /// <summary>Most positions of a batch.</summary>
    public int BatchTokens { get; }

    /// <summary>Bytes of the cache's memory, which the system commits as positions are stored.</summary>
    public long Bytes { get; }

    /// <summary>As given.</summary>
    public ReadOnlySpan<KvGeometry> Geometries => _geometries;

    /// <summary>Where each layer lies.</summary>
    public ReadOnlySpan<Layer> Layers => _layers;

    /// <summary>The rings of chunks, one for each window that a layer has.</summary>
    public ReadOnlySpan<Ring> Rings => _rings;

    /// <summary>Whether a ring keeps all positions of a full cache.</summary>
    public bool IsWhole(Ring ring) => ring.Chunks == Chunks(Capacity);

    /// <summary>Chunks that hold the positions [0, positions).</summary>
    public static int Chunks(int positions) => (int)(((long)positions + KvLayout.ChunkPositions - 1) / KvLayout.ChunkPositions);

    /// <summary>Enough for a batch and the window before it, wherever in a chunk they begin; at most all of the cache.</summary>
    private int RingChunks(int window)
    {
        long kept = (long)window - 1 + BatchTokens;
        return window == 0 ? Chunks(Capacity) : (int)long.Min(Chunks(Capacity), ((kept + KvLayout.ChunkPositions - 2) / KvLayout.ChunkPositions) + 1);
    }

    /// <param name="Ring">Index of its ring.</param>
    /// <param name="Offset">Bytes from the start of a ring's chunk to the layer's part.</param>
    /// <param name="Layout">How a head's chunk lies.</param>
    internal readonly record struct Layer(int Ring, long Offset, KvLayout Layout);

    /// <param name="Window">Positions that its layers look back; 0 for all.</param>
    /// <param name="Chunks">Chunks that it has room for: chunk c lies in place c modulo this number.</param>
    /// <param name="ChunkBytes">Bytes of a chunk of all its layers and heads.</param>
    internal readonly record struct Ring(int Window, int Chunks, long ChunkBytes)
    {
        /// <summary>Bytes of all chunks.</summary>
        public long Bytes => checked(Chunks * ChunkBytes);

        /// <summary>The first position whose keys and values a cache of so many positions needs in order to go on.</summary>
        /// <remarks>With a window of 1 the next position needs none; one is kept all the same, so that every length has a chunk.</remarks>
        public int FirstNeeded(int length) => Window == 0 ? 0 : (int)long.Max(0, (long)length + 1 - int.Max(Window, 2));
    }
}
