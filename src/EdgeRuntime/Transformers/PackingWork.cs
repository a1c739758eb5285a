using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>
/// Packs the matrices of some projections with all threads. These take shares, a few panels each, of all matrices, the largest first: what is
/// left over at the end is small, and nobody waits for a matrix's last share.
/// </summary>
internal sealed unsafe class PackingWork : ITeamWork
{
    private readonly Projection[] _projections;
    private readonly UnpackedMatrix[] _matrices;
    private readonly int[] _sharesLeft;
    private readonly long _totalBytes;
    private readonly IProgress<float>? _progress;
    private readonly CancellationToken _cancellationToken;
    private long _packedBytes;
    private volatile bool _cancelled;

    private PackingWork(Projection[] projections, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        _projections = [.. projections.OrderByDescending(static projection => projection.Unpacked!.Tensor.ByteLength)];
        _matrices = Array.ConvertAll(_projections, static projection => projection.Unpacked!);
        _sharesLeft = Array.ConvertAll(_matrices, static matrix => matrix.Shares);
        _totalBytes = _matrices.Sum(static matrix => matrix.Tensor.ByteLength);
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Packs what is not packed yet.</summary>
    /// <param name="team">Threads; what else they are to run waits.</param>
    /// <param name="projections">Whose matrices have places for their panels.</param>
    /// <param name="progress">Told the share of bytes done, or null.</param>
    /// <param name="cancellationToken">Checked after each matrix.</param>
    /// <exception cref="OperationCanceledException">Cancelled: nothing counts as packed.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    public static void Run(WorkerPool team, IEnumerable<Projection> projections, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        Projection[] unpacked = [.. projections.Where(static projection => projection.Unpacked is not null)];
        if (unpacked.Length > 0)
        {
            team.Run(new PackingWork(unpacked, progress, cancellationToken));
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    void ITeamWork.Run(WorkerPool team, int thread)
    {
        using var rows = new NativeBuffer(_matrices.Max(static matrix => matrix.RowBytes));
        int current = 0;
        int firstShare = 0;
        while (!_cancelled)
        {
            int share = team.TakeItems(1);
            while (current < _matrices.Length && share >= firstShare + _matrices[current].Shares)
            {
                firstShare += _matrices[current].Shares;
                current++;
            }

            if (current == _matrices.Length)
            {
                break;
            }

            _matrices[current].PackShare(share - firstShare, rows.Pointer);
            FinishShare(current);
        }

        // Here, not after the run: whoever multiplies next finds all of them packed.
        team.Barrier();
        if (thread == 0 && !_cancelled)
        {
            Array.ForEach(_projections, static projection => projection.Unpacked = null);
        }
    }

    private void FinishShare(int matrix)
    {
        if (Interlocked.Decrement(ref _sharesLeft[matrix]) == 0)
        {
            long done = Interlocked.Add(ref _packedBytes, _matrices[matrix].Tensor.ByteLength);
            _progress?.Report((float)done / _totalBytes);
            _cancelled |= _cancellationToken.IsCancellationRequested;
        }
    }
}
