using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.SideCar;

/// <summary>Gets bytes: either a view of their memory, or the buffer (of at least that length) after reading them into it.</summary>
internal delegate ReadOnlySpan<byte> GetBytes(long offset, int count, Span<byte> buffer);

/// <summary>A range of bytes with one checksum.</summary>
/// <param name="Get">Gets a part of the range.</param>
/// <param name="Length">The number of bytes.</param>
internal readonly record struct Region(GetBytes Get, long Length)
{
    /// <summary>Creates the region of a matrix in memory.</summary>
    public static Region Of(PackedMatrix matrix) => new((offset, count, _) => matrix.GetBytes(offset, count), matrix.ByteSize);

    /// <summary>Creates the region of a part of a file.</summary>
    public static Region Of(ReadableFile file, long start, long length) => new(
        (offset, count, buffer) =>
        {
            file.Read(start + offset, buffer[..count]);
            return buffer[..count];
        },
        length);
}

/// <summary>
/// Computes checksums of regions with all threads. A region's checksum combines the checksums of its chunks, so it does not depend on the
/// number of threads.
/// </summary>
internal sealed class ChunkChecksums : ITeamWork
{
    // Small enough to stay in a core's cache and to balance the threads, large enough that the counter and the system calls cost nothing.
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

    /// <summary>Computes one checksum per region.</summary>
    public static ulong[] Compute(WorkerPool team, IReadOnlyList<Region> regions, CancellationToken cancellationToken)
    {
        var work = new ChunkChecksums(regions, cancellationToken);
        team.Run(work);
        cancellationToken.ThrowIfCancellationRequested();
        return Array.ConvertAll(work._chunks, static chunks => Checksum.Combine(chunks));
    }

    /// <summary>Computes the checksum of the content of a model, with all of its parts.</summary>
    public static ulong OfModel(WorkerPool team, GgufFile model, CancellationToken cancellationToken) => Checksum.Combine(
        Compute(team, [.. model.Files.Select(static part => Region.Of(part, 0, part.ByteLength))], cancellationToken));

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
