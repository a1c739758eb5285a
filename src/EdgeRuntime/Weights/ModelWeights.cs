using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Weights;

/// <summary>All weights of a model, packed or to be packed when they are used. Owns them; modules hold views.</summary>
internal sealed class ModelWeights : IDisposable
{
    // About a layer: passes may run between two groups, which stay packed.
    private const int MatricesAtOnce = 8;

    private readonly Projection[] _projections;
    private readonly NativeBuffer[] _vectors;
    private readonly IDisposable _panels;
    private Projection[] _unpacked;

    /// <summary>Takes over the binder's projections and vectors and gives the matrices their panels.</summary>
    public ModelWeights(TensorBinder binder, WeightPacker packer)
    {
        _panels = packer.Pack(binder.Projections);
        _projections = [.. binder.Projections];
        _vectors = [.. binder.Vectors];
        ByName = binder.ByName;
        Architecture = binder.Source.Metadata.GetString("general.architecture");
        _unpacked = FindUnpacked(_projections);
    }

    /// <summary>Gets the architecture that the weights are for.</summary>
    public string Architecture { get; }

    /// <inheritdoc cref="TensorBinder.ByName"/>
    public IReadOnlyDictionary<string, List<Projection>> ByName { get; }

    /// <summary>Gets the bytes of packed matrices.</summary>
    public long ByteSize => _projections.Sum(static projection => projection.Matrix.ByteSize);

    /// <summary>Gets the most bytes of scratch that a thread needs for any matrix from now on.</summary>
    public long ScratchBytes => _projections.Max(static projection => projection.ScratchBytes);

    /// <summary>Gets whether all matrices were packed at the last <see cref="BeginPass"/>.</summary>
    public bool IsPacked => _unpacked.Length == 0;

    /// <summary>Packs the matrices that are not packed yet, some at a time.</summary>
    /// <inheritdoc cref="PackingWork.Run" path="/exception"/>
    public void Pack(WorkerPool team, CancellationToken cancellationToken)
    {
        foreach (Projection[] some in _projections.Chunk(MatricesAtOnce))
        {
            PackingWork.Run(team, some, progress: null, cancellationToken);
        }
    }

    /// <summary>
    /// Begins a pass; called by one thread while nobody multiplies. Matrices that the last pass used get closer to being packed. Matrices
    /// that it did not use, such as those of experts, wait for a pass that does.
    /// </summary>
    public void BeginPass()
    {
        if (IsPacked)
        {
            return;
        }

        foreach (Projection projection in _unpacked)
        {
            if (projection.Loader?.FinishPass() == true)
            {
                projection.Loader = null;
            }
        }

        if (Array.Exists(_unpacked, static projection => projection.Loader is null))
        {
            _unpacked = FindUnpacked(_unpacked);
        }
    }

    /// <summary>Chooses the kernels of all matrices; see <see cref="PackedMatrix.UseKernels"/>.</summary>
    public void UseKernels(InstructionSet prefill, InstructionSet decode) =>
        Array.ForEach(_projections, projection => projection.Matrix.UseKernels(prefill, decode));

    public void Dispose()
    {
        Array.ForEach(_projections, static projection => projection.Dispose());
        Array.ForEach(_vectors, static vector => vector.Dispose());
        _panels.Dispose();
    }

    private static Projection[] FindUnpacked(Projection[] projections) =>
        Array.FindAll(projections, static projection => projection.Loader is not null);
}
