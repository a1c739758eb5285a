using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.SideCar;

/// <summary>Bytes to read, as a view.</summary>
internal delegate ReadOnlySpan<byte> ReadBytes(long offset, int count);

/// <summary>A stretch of bytes that gets one checksum.</summary>
/// <param name="Read">Gives views of the bytes.</param>
/// <param name="Offset">Of the first byte, as <paramref name="Read"/> counts.</param>
/// <param name="Length">How many.</param>
internal readonly record struct Region(ReadBytes Read, long Offset, long Length);

/// <summary>Checksums of regions with all threads: each is the checksum of its chunks' checksums, so it does not depend on the threads.</summary>
internal sealed class ChunkChecksums : ITeamWork
{
    // Small enough to share evenly, large enough that the counter costs nothing.
    private const int ChunkBytes = 1 << 20;

    private readonly IReadOnlyList<Region> _regions;
    private readonly CancellationToken _cancellationToken;
    private readonly ulong[][] _chunks;

    private ChunkChecksums(IReadOnlyList<Region> regions, CancellationToken cancellationToken)
    {
        _regions = regions;
        _cancellationToken = cancellationToken;
        _chunks = new ulong[regions.Count][];
        for (int i = 0; i < _chunks.Length; i++)
        {
            _chunks[i] = new ulong[(regions[i].Length + ChunkBytes - 1) / ChunkBytes];
        }
    }

    /// <summary>One checksum a region.</summary>
    public static ulong[] Compute(WorkerPool team, IReadOnlyList<Region> regions, CancellationToken cancellationToken)
    {
        var work = new ChunkChecksums(regions, cancellationToken);
        team.Run(work);
        cancellationToken.ThrowIfCancellationRequested();
        return Array.ConvertAll(work._chunks, static chunks => Checksum.Combine(chunks));
    }

    void ITeamWork.Run(WorkerPool team, int thread)
    {
        int region = 0;
        int firstChunk = 0;
        while (!_cancellationToken.IsCancellationRequested)
        {
            int item = team.TakeItems(1);
            while (region < _chunks.Length && item >= firstChunk + _chunks[region].Length)
            {
                firstChunk += _chunks[region].Length;
                region++;
            }

            if (region == _chunks.Length)
            {
                return;
            }

            int chunk = item - firstChunk;
            Region bytes = _regions[region];
            long start = (long)chunk * ChunkBytes;
            int count = (int)Math.Min(ChunkBytes, bytes.Length - start);
            _chunks[region][chunk] = Checksum.Compute(bytes.Read(bytes.Offset + start, count));
        }
    }
}
