using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes Up norm(experts(Down n)) + shared(n): the chosen experts work in a narrower space. Their router reads n, and so does the
/// shared expert. The norm and the shared expert are optional.
/// </summary>
internal sealed unsafe class LatentExperts : Branch
{
    private readonly int _hidden;
    private readonly int _width;
    private readonly string _name;
    private readonly Experts _experts;
    private readonly FeedForward? _shared;
    private Projection _down = null!;
    private Projection _up = null!;
    private long _latent;
    private long _mixed;
    private long _sharedResult;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="width">The width of the narrower space.</param>
    /// <param name="name">The start of the names of the two matrices within the layer.</param>
    /// <param name="spec">The parameters of the experts.</param>
    /// <param name="activation">The activation function of the gates.</param>
    public LatentExperts(string prefix, int hidden, int width, string name, ExpertSpec spec, Activation activation)
        : base(prefix, "experts")
    {
        _hidden = hidden;
        _width = width;
        _name = name;
        _experts = new Experts(prefix, width, spec with { SharedWidth = 0, RouterWidth = hidden }, activation) { HasEarlyScores = true };
        _shared = spec.CreateShared(prefix, hidden, activation);
    }

    /// <summary>Gets the norm of the result of the chosen experts, or null.</summary>
    public Norm? Norm { get; init; }

    /// <summary>Gets the parts of the bound module.</summary>
    public LatentExpertsParts Parts => new(_experts, _shared, _down, _up);

    public override ActivationForms Reads =>
        Activations.FormsFor(_down) | _experts.RouterReads | (_shared?.Reads ?? ActivationForms.None);

    public override void Bind(TensorBinder tensors)
    {
        _down = tensors.Projection($"{Prefix}.{_name}_down", _width, _hidden, order: BiasOrder.NoScale);
        _up = tensors.Projection($"{Prefix}.{_name}_up", _hidden, _width, order: BiasOrder.NoScale);
        _experts.Bind(tensors);
        _shared?.Bind(tensors);
        Norm?.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        _latent = scratch.Floats(_width);
        _mixed = scratch.Floats(_width);
        _sharedResult = scratch.Floats(_hidden);
        scratch.UseActivations(_width, scratch.Rows);
        _experts.PlanScores(scratch);
        _experts.Plan(scratch);
        _shared?.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* latent = t.Floats(_latent);
        float* mixed = t.Floats(_mixed);
        float* shared = t.Floats(_sharedResult);
        _experts.Score(t, input);
        t.Barrier();
        t.Multiply(input, t.Rows, new Product(_down, latent, _width));
        t.Barrier();
        _shared?.Run(t, input, new BranchOutput(shared));
        _experts.Run(t, t.Prepare(latent, _width, t.Rows, norm: null, _experts.Reads), new BranchOutput(mixed));
        t.MultiplyTo(output, t.Prepare(mixed, _width, t.Rows, Norm, Activations.FormsFor(_up), normed: mixed), _up);
        if (_shared is null)
        {
            return;
        }

        float* target = output.Buffer is null ? t.X : output.Buffer;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            t.Vector.Add(shared + ((long)row * _hidden), target + ((long)row * _hidden), _hidden);
        }

        t.Barrier();
    }
}
