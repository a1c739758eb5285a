using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The norms of <see cref="DenseBesideExperts"/>.</summary>
/// <param name="BeforeDense">Of the input of the feed-forward.</param>
/// <param name="AfterDense">Of its result.</param>
/// <param name="BeforeExperts">Of the input of the experts.</param>
/// <param name="AfterExperts">Of their result.</param>
/// <param name="Router">Of the router's input.</param>
/// <param name="After">Of the sum.</param>
internal sealed record DenseAndExpertNorms(
    Norm BeforeDense, Norm AfterDense, Norm BeforeExperts, Norm AfterExperts, Norm Router, Norm After)
{
    /// <summary>Gets all norms.</summary>
    public Norm[] All => [BeforeDense, AfterDense, BeforeExperts, AfterExperts, Router, After];
}

/// <summary>Computes x += norm(norm(dense(norm(x))) + norm(experts(norm(x)))), each norm with weights of its own.</summary>
internal sealed unsafe class DenseBesideExperts : Stage
{
    private readonly FeedForward _dense;
    private readonly Experts _experts;
    private readonly DenseAndExpertNorms _norms;
    private long _denseResult;
    private long _expertResult;

    /// <param name="dense">The feed-forward of every token.</param>
    /// <param name="experts">The experts, with <see cref="Experts.HasEarlyScores"/>.</param>
    /// <param name="norms">The norms.</param>
    public DenseBesideExperts(FeedForward dense, Experts experts, DenseAndExpertNorms norms)
    {
        _dense = dense;
        _experts = experts;
        _norms = norms;
    }

    public override string? Prefix => _dense.Prefix;

    public override string Kind => $"{_dense.Kind} and {_experts.Kind}";

    /// <summary>Gets the parts of the bound module.</summary>
    public DenseBesideExpertsParts Parts => new(_dense, _experts, _norms);

    public override void Bind(TensorBinder tensors)
    {
        foreach (Norm norm in _norms.All)
        {
            norm.Bind(tensors);
        }

        _dense.Bind(tensors);
        _experts.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        _experts.PlanScores(scratch);
        _denseResult = scratch.Floats(scratch.Hidden);
        _expertResult = scratch.Floats(scratch.Hidden);
        _dense.Plan(scratch);
        _experts.Plan(scratch);
    }

    public override void Run(PassThread t)
    {
        float* dense = t.Floats(_denseResult);
        float* experts = t.Floats(_expertResult);
        _experts.Score(t, t.Prepare(t.X, t.Hidden, t.Rows, _norms.Router, _experts.RouterReads));
        t.Barrier();
        _dense.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, _norms.BeforeDense, _dense.Reads), new BranchOutput(dense));
        _experts.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, _norms.BeforeExperts, _experts.Reads), new BranchOutput(experts));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            long offset = (long)row * t.Hidden;
            _norms.AfterDense.Apply(t.Vector, dense + offset, dense + offset);
            _norms.AfterExperts.Apply(t.Vector, experts + offset, experts + offset);
            t.Vector.Add(experts + offset, dense + offset, t.Hidden);
            _norms.After.Apply(t.Vector, dense + offset, dense + offset);
            t.Vector.Add(dense + offset, t.X + offset, t.Hidden);
        }

        t.Barrier();
    }
}
