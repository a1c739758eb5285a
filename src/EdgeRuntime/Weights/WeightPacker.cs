using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.SideCar;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Weights;

/// <summary>Gives the matrices of a model their panels: from the side-car, packed now, or packed when they are first used.</summary>
internal sealed class WeightPacker
{
    private readonly PackedSideCar? _sideCar;
    private readonly WorkerPool _team;
    private readonly IProgress<float>? _progress;
    private readonly CancellationToken _cancellationToken;

    /// <param name="sideCar">The file that keeps packed matrices from one start to the next, or null.</param>
    /// <param name="team">The threads that pack.</param>
    /// <param name="progress">Gets the share of bytes done, or null.</param>
    /// <param name="cancellationToken">Checked between tensors.</param>
    public WeightPacker(PackedSideCar? sideCar, WorkerPool team, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        _sideCar = sideCar;
        _team = team;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>
    /// Gets the total bytes in the file from which matrices are packed when they are first used, or null for never. Does not apply with a
    /// side-car, nor where memory can't hold both file and panels, because the file would be read from the disk twice.
    /// </summary>
    public long? QuickStartBytes { get; init; }

    /// <summary>Gives every matrix its panels, or a place for them.</summary>
    /// <returns>The owner of the panels' memory, to be disposed after the matrices.</returns>
    public IDisposable Pack(IReadOnlyList<Projection> projections)
    {
        SideCarMatrix[] matrices =
            [.. projections.Select(static projection => new SideCarMatrix(projection.Loader!.Name, projection.Matrix))];
        if (_sideCar?.TryMap(matrices, _team, _cancellationToken) is { } mapping)
        {
            foreach (Projection projection in projections)
            {
                projection.Loader = null;
            }

            _progress?.Report(1);
            return mapping;
        }

        _sideCar?.Prepare(_team, _cancellationToken);
        NativeBuffer memory = AllocatePanels(projections);
        try
        {
            if (PacksWhenUsed(projections))
            {
                _progress?.Report(1);
                return memory;
            }

            PackingWork.Run(_team, projections, _progress, _cancellationToken);
            _sideCar?.Write(matrices, _team, _cancellationToken);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private bool PacksWhenUsed(IReadOnlyList<Projection> projections)
    {
        long bytes = projections.Sum(static projection => projection.Loader!.FileBytes);
        return bytes >= QuickStartBytes && _sideCar is null && 2 * bytes <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    /// <summary>
    /// Allocates one block of memory for all matrices. A decoded token reads it from end to end, which is markedly faster in large pages;
    /// a single matrix is too small to hold many.
    /// </summary>
    private static NativeBuffer AllocatePanels(IReadOnlyList<Projection> projections)
    {
        var memory = new NativeBuffer(projections.Sum(static projection => projection.Matrix.ByteSize));
        memory.PreferLargePages();
        long offset = 0;
        foreach (Projection projection in projections)
        {
            projection.Matrix.Place(memory, offset);
            offset += projection.Matrix.ByteSize; // a multiple of 64, as panels are
        }

        return memory;
    }
}
