using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Weights;

/// <summary>
/// Packs the matrices of some projections with all threads. These take shares, a few panels each, of all matrices, the largest first: what is
/// left over at the end is small, and nobody waits for a matrix's last share.
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
        // Until the run begins a pass may still pack one of them: each is looked at once here, and again when its shares come.
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

    /// <summary>Packs what is not packed yet.</summary>
    /// <param name="team">Threads; what else they are to run waits.</param>
    /// <param name="projections">Whose matrices have places for their panels.</param>
    /// <param name="progress">Told the share of bytes done, or null.</param>
    /// <param name="cancellationToken">Checked after each share.</param>
    /// <exception cref="OperationCanceledException">Cancelled: nothing counts as packed.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    public static void Run(WorkerPool team, IEnumerable<Projection> projections, IProgress<float>? progress, CancellationToken cancellationToken)
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

        // Here, not after the run: whoever multiplies next finds all of them packed.
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
            return; // packed by others, while this run waited for its turn
        }

        job.Matrix.PackShare(share, rows);
        _cancelled |= _cancellationToken.IsCancellationRequested;
        if (job.FinishShare())
        {
            long done = Interlocked.Add(ref _packedBytes, job.Matrix.FileBytes);
            _progress?.Report((float)done / _totalBytes);
        }
    }

    /// <summary>A matrix to pack, and how much of it is left.</summary>
    private sealed class Job(Projection projection, MatrixLoader matrix)
    {
        private int _sharesLeft = matrix.Shares;

        public Projection Projection { get; } = projection;

        public MatrixLoader Matrix { get; } = matrix;

        /// <summary>Counts a share; true for the last one.</summary>
        public bool FinishShare() => Interlocked.Decrement(ref _sharesLeft) == 0;
    }
}
