using System;
using System.IO;
using EdgeRuntime.Kernels.Attention;

namespace EdgeRuntime.State;

internal sealed unsafe partial class KvCache
{
    /// <summary>Makes this cache a copy of another cache's first positions.</summary>
    /// <param name="source">A cache of the same layers.</param>
    /// <param name="length">A length that the source can be truncated to; at most this cache's capacity.</param>
    /// <exception cref="ArgumentException">
    /// The caches differ in layers, the source does not have these positions, or they do not fit.
    /// </exception>
    public void CopyFrom(KvCache source, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Capacity, nameof(length));
        if (!source.CanTruncate(length) || !Plan.Geometries.SequenceEqual(source.Plan.Geometries))
        {
            throw new ArgumentException(
                $"{length} of {source.Length} positions to copy; expected a cache of the same layers that can be truncated to them",
                nameof(source));
        }

        Length = length;
        _reserved = length;
        int endChunk = KvPlan.Chunks(length);
        for (int ring = 0; ring < _memory.Length; ring++)
        {
            _firstStored[ring] = length == 0 ? 0 : source.FirstKept(ring);
            long bytes = Plan.Rings[ring].ChunkBytes;
            for (int chunk = FirstKept(ring) / KvLayout.ChunkPositions; chunk < endChunk; chunk++)
            {
                Buffer.MemoryCopy(source.RingChunk(ring, chunk), RingChunk(ring, chunk), bytes, bytes);
            }
        }
    }

    /// <summary>Returns the number of bytes that <see cref="Save"/> writes.</summary>
    /// <inheritdoc cref="Save"/>
    public long SavedBytes(int from, int to)
    {
        long bytes = 0;
        for (int layer = 0; layer < Plan.Layers.Length; layer++)
        {
            KvLayout layout = Plan.Layers[layer].Layout;
            (int first, int end) = SavedPositions(Plan.Layers[layer].Ring, from, to);
            long panels = (end - first) / KvLayout.PanelPositions;
            bytes += Plan.Geometries[layer].KvHeads * panels * (layout.KeyPanelBytes + (KvLayout.PanelPositions * layout.ValueRowBytes));
        }

        return bytes;
    }

    /// <summary>
    /// Writes the positions from <paramref name="from"/> up to <paramref name="to"/>, or, in layers with a window, those of them that the
    /// cache needs to continue. The bytes are as stored, without a header: the caller keeps the
    /// plan and the two numbers with them (<see cref="SavedStateHeader"/>).
    /// </summary>
    /// <param name="from">A multiple of 16.</param>
    /// <param name="to">A length that the cache can be truncated to.</param>
    /// <param name="destination">The stream to write.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public void Save(int from, int to, Stream destination)
    {
        if (!CanTruncate(to))
        {
            throw new ArgumentException(
                $"positions up to {to} of {Length} can't be saved: they are missing, or a window needs positions that are gone",
                nameof(to));
        }

        ForEachRun(from, to, static (run, stream) => stream.Write(run.Bytes), destination);
    }

    /// <summary>
    /// Appends what <see cref="Save"/> wrote. The caller has checked that the bytes are of this plan (<see cref="SequenceState.Load"/>).
    /// </summary>
    /// <param name="from">The value given to Save; equal to <see cref="Length"/>.</param>
    /// <param name="to">The value given to Save.</param>
    /// <param name="source">The stream to read.</param>
    /// <exception cref="ArgumentException">A number is out of range, or the positions do not fit.</exception>
    /// <exception cref="EndOfStreamException">
    /// The stream has fewer bytes. The cache is empty then, as after any error of the stream.
    /// </exception>
    public void Restore(int from, int to, Stream source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, Capacity);
        _reserved = int.Max(_reserved, to);
        try
        {
            ForEachRun(from, to, static (run, stream) => stream.ReadExactly(run.Bytes), source);
        }
        catch
        {
            Truncate(0); // positions of a window may be overwritten
            throw;
        }

        for (int ring = 0; ring < _memory.Length; ring++)
        {
            int first = SavedPositions(ring, from, to).First;
            _firstStored[ring] = first > from ? first : _firstStored[ring];
        }

        Length = to;
    }

    /// <summary>Returns the positions of a ring that are saved, in whole panels.</summary>
    private (int First, int End) SavedPositions(int ring, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        ArgumentOutOfRangeException.ThrowIfNotEqual(from % KvLayout.PanelPositions, 0, nameof(from));
        const int Panel = KvLayout.PanelPositions;
        int first = int.Max(from, Plan.Rings[ring].FirstNeeded(to) & -Panel);
        return (first, from == to ? first : (to + Panel - 1) & -Panel);
    }

    /// <summary>Visits the memory of saved positions by layer, head and chunk: the keys, then the values.</summary>
    private void ForEachRun(int from, int to, Action<Run, Stream> visit, Stream stream)
    {
        for (int layer = 0; layer < Plan.Layers.Length; layer++)
        {
            KvLayout layout = Plan.Layers[layer].Layout;
            (int first, int end) = SavedPositions(Plan.Layers[layer].Ring, from, to);
            for (int kvHead = 0; kvHead < Plan.Geometries[layer].KvHeads; kvHead++)
            {
                int next;
                for (int position = first; position < end; position = next)
                {
                    next = int.Min(end, (position / KvLayout.ChunkPositions + 1) * KvLayout.ChunkPositions);
                    byte* chunk = Chunk(layer, kvHead, position);
                    int inChunk = position % KvLayout.ChunkPositions;
                    int panels = (next - position) / KvLayout.PanelPositions;
                    visit(new Run(layout.KeyPanel(chunk, inChunk / KvLayout.PanelPositions), panels * layout.KeyPanelBytes), stream);
                    visit(new Run(layout.ValueRow(chunk, inChunk), (next - position) * layout.ValueRowBytes), stream);
                }
            }
        }
    }

    private readonly struct Run(byte* first, int count)
    {
        public Span<byte> Bytes => new(first, count);
    }
}
