using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Weights;

/// <summary>
/// Packs the matrices of some projections with all threads. Threads take shares, a few panels each, of all matrices, the largest first, so
/// that the shares at the end are small and no thread waits for a matrix's last share.
/// </summary>
internal sealed unsafe class PackingWork : ITeamWork
{
    private readonly Job[] _jobs;
    private readonly int[] _shares;
    private readonly long _totalBytes;
    private readonly IProgress<float>? _progress;
    private readonly CancellationToken _cancellationToken;
    private long _packedBytes;
    private volatile bool _cancelled;

    private PackingWork(IEnumerable<Projection> projections, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        // A concurrent pass may pack a matrix before the run begins: read each loader once here, and re-check before packing.
        _jobs = [.. projections
            .Select(static projection => (Projection: projection, projection.Loader))
            .Where(static pair => pair.Loader is not null)
            .Select(static pair => new Job(pair.Projection, pair.Loader!))
            .OrderByDescending(static job => job.Matrix.FileBytes)];
        _shares = Array.ConvertAll(_jobs, static job => job.Matrix.Shares);
        _totalBytes = _jobs.Sum(static job => job.Matrix.FileBytes);
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Packs the projections that are not packed yet.</summary>
    /// <param name="team">The threads; other work waits until the run ends.</param>
    /// <param name="projections">Projections whose matrices have places for their panels.</param>
    /// <param name="progress">Gets the share of bytes done, or null.</param>
    /// <param name="cancellationToken">Checked after each share.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled: no matrix counts as packed.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    public static void Run(
        WorkerPool team, IEnumerable<Projection> projections, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        var work = new PackingWork(projections, progress, cancellationToken);
        if (work._jobs.Length > 0)
        {
            team.Run(work);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    void ITeamWork.Run(WorkerPool team, int thread)
    {
        using var rows = new NativeBuffer(_jobs.Max(static job => job.Matrix.RowBytes));
        var shares = new NumberedShares(_shares);
        while (!_cancelled && shares.TryFind(team.TakeItems(1), out int job, out int share))
        {
            PackShare(_jobs[job], share, rows.Pointer);
        }

        // Inside the run, so that the next multiplication finds all of them packed.
        team.Barrier();
        if (thread == 0 && !_cancelled)
        {
            Array.ForEach(_jobs, static job => job.Projection.Loader = null);
        }
    }

    private void PackShare(Job job, int share, byte* rows)
    {
        if (job.Projection.Loader is null)
        {
            return; // a pass packed it before this run began
        }

        job.Matrix.PackShare(share, rows);
        _cancelled |= _cancellationToken.IsCancellationRequested;
        if (job.FinishShare())
        {
            long done = Interlocked.Add(ref _packedBytes, job.Matrix.FileBytes);
            _progress?.Report((float)done / _totalBytes);
        }
    }

    /// <summary>A matrix to pack, and the number of its remaining shares.</summary>
    private sealed class Job(Projection projection, MatrixLoader matrix)
    {
        private int _sharesLeft = matrix.Shares;

        public Projection Projection { get; } = projection;

        public MatrixLoader Matrix { get; } = matrix;

        /// <summary>Counts a packed share.</summary>
        /// <returns>Whether it was the last one.</returns>
        public bool FinishShare() => Interlocked.Decrement(ref _sharesLeft) == 0;
    }
}
