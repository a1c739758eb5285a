using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

internal sealed unsafe partial class KvCache
{
    /// <summary>The most positions that are read at once, which bounds the memory of their floats.</summary>
    private const int AppendedPositions = 256;

    /// <summary>
    /// Appends positions that another engine has computed, in layers with a window those of them that the cache needs to continue.
    /// </summary>
    /// <param name="end">The length of the cache afterwards; at most <see cref="Capacity"/>.</param>
    /// <param name="read">Reads keys and values. If it throws, the cache is empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is less than <see cref="Length"/> or does not fit.</exception>
    public void Append(int end, KeyValueReader read)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Capacity);
        int start = Length;
        _reserved = int.Max(_reserved, end);
        try
        {
            for (int layer = 0; layer < Plan.Layers.Length; layer++)
            {
                AppendLayer(layer, FirstAppended(Plan.Layers[layer].Ring, start, end), end, read);
            }
        }
        catch
        {
            Truncate(0); // positions of a window may be overwritten
            throw;
        }

        for (int ring = 0; ring < _memory.Length; ring++)
        {
            int first = FirstAppended(ring, start, end);
            _firstStored[ring] = first > start ? first : _firstStored[ring];
        }

        Length = end;
    }

    /// <summary>Returns the first appended position that a ring needs, at the start of a panel.</summary>
    private int FirstAppended(int ring, int start, int end) =>
        int.Max(start, Plan.Rings[ring].FirstNeeded(end) & -KvLayout.PanelPositions);

    private void AppendLayer(int layer, int first, int end, KeyValueReader read)
    {
        KvGeometry geometry = Plan.Geometries[layer];
        int rows = geometry.KvHeads * int.Min(AppendedPositions, end - first);
        using NativeBuffer floats = new(sizeof(float) * (long)rows * (geometry.KeyLength + geometry.ValueLength));
        for (int count; first < end; first += count)
        {
            count = int.Min(AppendedPositions, end - first);
            int vectors = geometry.KvHeads * count;
            float* keys = (float*)floats.Pointer;
            float* values = keys + ((long)vectors * geometry.KeyLength);
            var keySpan = new Span<float>(keys, vectors * geometry.KeyLength);
            var valueSpan = new Span<float>(values, vectors * geometry.ValueLength);
            read(layer, first, count, keySpan, valueSpan);
            if (HadamardTransform.AppliesTo(geometry.KeyType, geometry.KeyLength))
            {
                HadamardTransform.Apply(keys, keySpan.Length);
            }

            if (HadamardTransform.AppliesTo(geometry.ValueType, geometry.ValueLength))
            {
                HadamardTransform.Apply(values, valueSpan.Length);
            }

            for (int i = 0; i < vectors; i++)
            {
                Store(
                    layer, i / count, first + (i % count), keys + ((long)i * geometry.KeyLength),
                    values + ((long)i * geometry.ValueLength));
            }
        }
    }
}
