using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.SideCar;

/// <summary>Gives some bytes: a view of where they lie, or of the buffer (at least as long), after reading them into it.</summary>
internal delegate ReadOnlySpan<byte> GetBytes(long offset, int count, Span<byte> buffer);

/// <summary>A stretch of bytes that gets one checksum.</summary>
/// <param name="Get">Gives pieces of it.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct Region(GetBytes Get, long Length)
{
    /// <summary>What a matrix has in memory.</summary>
    public static Region Of(PackedMatrix matrix) => new((offset, count, _) => matrix.GetBytes(offset, count), matrix.ByteSize);

    /// <summary>A part of a file.</summary>
    public static Region Of(ReadableFile file, long start, long length) => new(
        (offset, count, buffer) =>
        {
            file.Read(start + offset, buffer[..count]);
            return buffer[..count];
        },
        length);
}

/// <summary>Checksums of regions with all threads: each is the checksum of its chunks' checksums, so it does not depend on the threads.</summary>
internal sealed class ChunkChecksums : ITeamWork
{
    // Small enough to stay in a core's cache and to share evenly, large enough that the counter and a system call cost nothing.
    private const int ChunkBytes = 256 << 10;

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

    unsafe void ITeamWork.Run(WorkerPool team, int thread)
    {
        using var buffer = new NativeBuffer(ChunkBytes);
        var chunks = new NumberedShares(Array.ConvertAll(_chunks, static checksums => checksums.Length));
        while (!_cancellationToken.IsCancellationRequested && chunks.TryFind(team.TakeItems(1), out int region, out int chunk))
        {
            Region bytes = _regions[region];
            long offset = (long)chunk * ChunkBytes;
            int count = (int)Math.Min(ChunkBytes, bytes.Length - offset);
            _chunks[region][chunk] = Checksum.Compute(bytes.Get(offset, count, new Span<byte>(buffer.Pointer, ChunkBytes)));
        }
    }
}
