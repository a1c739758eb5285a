using System;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes a branch of the input of some stages, which runs beside all of them, adds its result after theirs, and multiplies the sum by a
/// factor.
/// </summary>
internal sealed unsafe class SideBranch : Stage
{
    private readonly Norm _norm;
    private readonly Branch _branch;
    private readonly Stage[] _stages;
    private long _result;

    /// <param name="norm">The norm of the branch's input.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="stages">The stages beside it.</param>
    public SideBranch(Norm norm, Branch branch, Stage[] stages)
    {
        _norm = norm;
        _branch = branch;
        _stages = stages;
    }

    /// <summary>Gets the factor of the residual stream after the sum.</summary>
    public float Scale { get; init; } = 1;

    public override string? Prefix => _branch.Prefix;

    public override string Kind => $"{_branch.Kind} beside others";

    /// <summary>Gets the parts of the bound module.</summary>
    public SideBranchParts Parts => new(_norm, _branch, _stages);

    public override void Bind(TensorBinder tensors)
    {
        _norm.Bind(tensors);
        _branch.Bind(tensors);
        Array.ForEach(_stages, stage => stage.Bind(tensors));
    }

    public override void Declare(StatePlan state)
    {
        _branch.Declare(state);
        Array.ForEach(_stages, stage => stage.Declare(state));
    }

    public override void Plan(ScratchPlan scratch)
    {
        // The result must outlive the buffers of all stages.
        scratch.KeepInput();
        _result = scratch.Floats(scratch.Hidden);
        _branch.Plan(scratch);
        Array.ForEach(_stages, stage => stage.Plan(scratch));
    }

    public override void Run(PassThread t)
    {
        float* result = t.Floats(_result);
        _branch.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, _norm, _branch.Reads), new BranchOutput(result));
        foreach (Stage stage in _stages)
        {
            stage.Run(t);
        }

        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * t.Hidden);
            t.Vector.Add(result + ((long)row * t.Hidden), x, t.Hidden);
            if (Scale != 1)
            {
                t.Vector.Scale(x, Scale, t.Hidden);
            }
        }

        t.Barrier();
    }
}
