using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes x = norm(x + branch(x)), as BERT does: the residual stream itself is normalized. A second norm makes it x = second(x + norm(x +
/// branch(x))).
/// </summary>
internal sealed unsafe class PostNormResidual : Stage
{
    private readonly Branch _branch;
    private readonly Norm _norm;
    private readonly Norm? _second;
    private long _result;

    /// <param name="branch">A mixer or a feed-forward.</param>
    /// <param name="norm">The norm of the sum.</param>
    /// <param name="second">The norm after x is added once more, or null.</param>
    public PostNormResidual(Branch branch, Norm norm, Norm? second = null)
    {
        _branch = branch;
        _norm = norm;
        _second = second;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public ResidualParts Parts => new(Before: null, _branch, _norm, _second);

    public override string? Prefix => _branch.Prefix;

    public override string Kind => _branch.Kind;

    public override void Bind(TensorBinder tensors)
    {
        _branch.Bind(tensors);
        _norm.Bind(tensors);
        _second?.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _branch.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _branch.Plan(scratch);
        _result = _second is null ? 0 : scratch.Floats(scratch.Hidden);
    }

    public override void Run(PassThread t)
    {
        Activations n = t.Prepare(t.X, t.Hidden, t.Rows, norm: null, _branch.Reads);
        float* result = t.Floats(_result);
        _branch.Run(t, n, _second is null ? BranchOutput.Residual : new BranchOutput(result));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * t.Hidden);
            if (_second is null)
            {
                _norm.Apply(t.Vector, x, x);
                continue;
            }

            float* y = result + ((long)row * t.Hidden);
            t.Vector.Add(x, y, t.Hidden);
            _norm.Apply(t.Vector, y, y);
            t.Vector.Add(y, x, t.Hidden);
            _second.Apply(t.Vector, x, x);
        }

        t.Barrier();
    }
}
