using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes x += first(normFirst(x)) + second(normSecond(x)): two branches that read the same x. Both may have the same norm.
/// </summary>
internal sealed unsafe class ParallelResidual : Stage
{
    private readonly Norm _firstNorm;
    private readonly Branch _first;
    private readonly Norm _secondNorm;
    private readonly Branch _second;
    private long _result;

    public ParallelResidual(Norm firstNorm, Branch first, Norm secondNorm, Branch second)
    {
        _firstNorm = firstNorm;
        _first = first;
        _secondNorm = secondNorm;
        _second = second;
    }

    /// <summary>Gets the parts of the first branch of the bound module.</summary>
    public ResidualParts First => new(_firstNorm, _first);

    /// <summary>Gets the parts of the second branch of the bound module.</summary>
    public ResidualParts Second => new(_secondNorm, _second);

    public override string? Prefix => _first.Prefix;

    public override string Kind => $"{_first.Kind} and {_second.Kind}";

    public override void Bind(TensorBinder tensors)
    {
        _firstNorm.Bind(tensors);
        _first.Bind(tensors);
        if (!ReferenceEquals(_firstNorm, _secondNorm))
        {
            _secondNorm.Bind(tensors);
        }

        _second.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        _first.Declare(state);
        _second.Declare(state);
    }

    public override void Plan(ScratchPlan scratch)
    {
        // The first result must outlive the buffers of the first branch, which the second branch reuses.
        scratch.KeepInput();
        _result = scratch.Floats(scratch.Hidden);
        _first.Plan(scratch);
        _second.Plan(scratch);
    }

    public override void Run(PassThread t)
    {
        float* result = t.Floats(_result);
        _first.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, _firstNorm, _first.Reads), new BranchOutput(result));

        // The norm is recomputed because the first branch has overwritten the tiles with its own activations.
        _second.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, _secondNorm, _second.Reads), BranchOutput.Residual);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            t.Vector.Add(result + ((long)row * t.Hidden), t.X + ((long)row * t.Hidden), t.Hidden);
        }

        t.Barrier();
    }
}
