using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>A layer whose router reads the input of the layer, before the mixer and without a norm.</summary>
internal sealed class EarlyRouter : Stage
{
    private readonly Stage _mixer;
    private readonly Experts _experts;
    private readonly Residual _feedForward;

    /// <param name="mixer">The stage before the experts.</param>
    /// <param name="norm">The norm of the experts' input.</param>
    /// <param name="experts">The experts, with <see cref="Experts.HasEarlyScores"/>.</param>
    public EarlyRouter(Stage mixer, Norm norm, Experts experts)
    {
        _mixer = mixer;
        _experts = experts;
        _feedForward = new Residual(norm, experts);
    }

    public override string? Prefix => _mixer.Prefix;

    public override string Kind => $"{_mixer.Kind} and {_experts.Kind}";

    /// <summary>Gets the parts of the bound module.</summary>
    public EarlyRouterParts Parts => new(_mixer, _feedForward, _experts);

    public override void Bind(TensorBinder tensors)
    {
        _mixer.Bind(tensors);
        _feedForward.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        _mixer.Declare(state);
        _feedForward.Declare(state);
    }

    public override void Plan(ScratchPlan scratch)
    {
        // The scores must outlive the buffers of the mixer.
        scratch.KeepInput();
        _experts.PlanScores(scratch);
        _mixer.Plan(scratch);
        _feedForward.Plan(scratch);
    }

    public override unsafe void Run(PassThread t)
    {
        _experts.Score(t, t.Prepare(t.X, t.Hidden, t.Rows, norm: null, _experts.RouterReads));
        t.Barrier();
        _mixer.Run(t);
        _feedForward.Run(t);
    }
}
