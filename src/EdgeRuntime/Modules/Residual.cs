using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes x += after(branch(before(x))): a branch between two optional norms.</summary>
internal sealed unsafe class Residual : Stage
{
    private readonly Norm? _before;
    private readonly Branch _branch;
    private readonly Norm? _after;
    private long _result;

    /// <param name="before">The norm of the branch's input, or null.</param>
    /// <param name="branch">A mixer or a feed-forward.</param>
    /// <param name="after">The norm of the branch's result, or null.</param>
    public Residual(Norm? before, Branch branch, Norm? after = null)
    {
        _before = before;
        _branch = branch;
        _after = after;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public ResidualParts Parts => new(_before, _branch, _after);

    public override string? Prefix => _branch.Prefix;

    public override string Kind => _branch.Kind;

    public override bool IsRowwise => _branch.IsRowwise;

    public override void Bind(TensorBinder tensors)
    {
        _before?.Bind(tensors);
        _branch.Bind(tensors);
        _after?.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _branch.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _branch.Plan(scratch);
        _result = _after is null ? 0 : scratch.Floats(scratch.Hidden);
    }

    public override void Run(PassThread t)
    {
        Activations n = t.Prepare(t.X, t.Hidden, t.Rows, _before, _branch.Reads);
        if (_after is null)
        {
            _branch.Run(t, n, BranchOutput.Residual);
            return;
        }

        float* result = t.Floats(_result);
        _branch.Run(t, n, new BranchOutput(result));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* y = result + ((long)row * t.Hidden);
            _after.Apply(t.Vector, y, y);
            t.Vector.Add(y, t.X + ((long)row * t.Hidden), t.Hidden);
        }

        t.Barrier();
    }
}
