using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes n = norm(x), then x = scale n + branch(n): the norm is a part of the residual stream.</summary>
internal sealed unsafe class NormedResidual : Stage
{
    private readonly Norm _norm;
    private readonly Branch _branch;
    private readonly float _scale;
    private long _result;

    /// <param name="norm">The norm of the residual stream.</param>
    /// <param name="branch">A mixer or a feed-forward.</param>
    /// <param name="scale">The factor of the normalized stream.</param>
    public NormedResidual(Norm norm, Branch branch, float scale)
    {
        _norm = norm;
        _branch = branch;
        _scale = scale;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public ResidualParts Parts => new(_norm, _branch);

    /// <summary>Gets the factor of the normalized stream.</summary>
    public float Scale => _scale;

    public override string? Prefix => _branch.Prefix;

    public override string Kind => _branch.Kind;

    public override void Bind(TensorBinder tensors)
    {
        _norm.Bind(tensors);
        _branch.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _branch.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _branch.Plan(scratch);
        _result = scratch.Floats(scratch.Hidden);
    }

    public override void Run(PassThread t)
    {
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * t.Hidden);
            _norm.Apply(t.Vector, x, x);
        }

        t.Barrier();
        float* result = t.Floats(_result);
        _branch.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, norm: null, _branch.Reads), new BranchOutput(result));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * t.Hidden);
            t.Vector.Scale(x, _scale, t.Hidden);
            t.Vector.Add(result + ((long)row * t.Hidden), x, t.Hidden);
        }

        t.Barrier();
    }
}
