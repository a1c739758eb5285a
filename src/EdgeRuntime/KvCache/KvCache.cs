using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;

namespace EdgeRuntime;

/// <summary>
/// Keys and values of one sequence: for each layer and KV head the positions 0 to <see cref="Length"/> - 1. Owns its memory,
/// which the system provides as it is written, so an empty cache of any capacity costs nothing. For one caller at a time,
/// except that threads may store different positions or heads at once.
/// </summary>
internal sealed unsafe class KvCache : IDisposable
{
    private readonly KvLayout _layout;
    private readonly NativeBuffer _memory;
    private readonly long _keyHeadBytes;
    private readonly long _valueHeadBytes;

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
        _layout = KvLayout.Create(TensorTypeOf(type), keyLength, valueLength);
        Layers = layers;
        KvHeads = kvHeads;
        Capacity = capacity;
        Type = type;
        long panels = ((long)capacity + KvLayout.PanelPositions - 1) / KvLayout.PanelPositions;
        _keyHeadBytes = WholeLines(checked(panels * _layout.KeyPanelBytes));
        _valueHeadBytes = WholeLines(checked(capacity * (long)_layout.ValueRowBytes));
        _memory = new NativeBuffer(checked(layers * (long)kvHeads * (_keyHeadBytes + _valueHeadBytes)));
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
        _layout.StoreKey(Keys(layer, kvHead), position, key);
        _layout.StoreValue(Values(layer, kvHead), position, value);
    }

    /// <summary>Sets where a layer's keys and values lie.</summary>
    public void Fill(ref AttentionSlice slice, int layer)
    {
        slice.Keys = Keys(layer, 0);
        slice.Values = Values(layer, 0);
        slice.KeyHeadBytes = _keyHeadBytes;
        slice.ValueHeadBytes = _valueHeadBytes;
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
                    ShiftKeys(Keys(layer, kvHead), keep, count, cosTable, sinTable, 2 * cos.Length, pairing, (float*)scratch.Pointer);
                    ShiftValues(Values(layer, kvHead), keep, count);
                }
            }
        }

        Length -= count;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static long WholeLines(long bytes) => checked(bytes + NativeBuffer.Alignment - 1) & ~(NativeBuffer.Alignment - 1L);

    private byte* Keys(int layer, int kvHead) => Head(layer, kvHead);

    private byte* Values(int layer, int kvHead) => Head(layer, kvHead: 0) + (KvHeads * _keyHeadBytes) + (kvHead * _valueHeadBytes);

    /// <summary>A layer is the keys of all heads, then the values of all heads.</summary>
    private byte* Head(int layer, int kvHead)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Layers, nameof(layer));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)kvHead, (uint)KvHeads, nameof(kvHead));
        return _memory.Pointer + (layer * (long)KvHeads * (_keyHeadBytes + _valueHeadBytes)) + (kvHead * _keyHeadBytes);
    }

    private void ShiftKeys(
        byte* keys, int keep, int count, float* cos, float* sin, int rotated, RopePairing pairing, float* scratch)
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
                _layout.ExpandKeys(keys, expanded, panel);
            }

            for (int i = 0; i < _layout.KeyLength; i++)
            {
                key[i] = panel[(i * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
            }

            Rope.Apply(key, 1, _layout.KeyLength, rotated, cos, sin, pairing);
            _layout.StoreKey(keys, position - count, key);
        }
    }

    private void ShiftValues(byte* values, int keep, int count)
    {
        byte* to = values + ((long)keep * _layout.ValueRowBytes);
        long bytes = (long)(Length - keep - count) * _layout.ValueRowBytes;
        Buffer.MemoryCopy(to + ((long)count * _layout.ValueRowBytes), to, bytes, bytes);
    }
}
