using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes Wout delta([q, k, v], decays, rates, z) with [q, k, v] = silu(convolution(Wqkv n)) and z = Wgate n: a mixer with the
/// <see cref="DeltaRule"/> and one decay for each head.
/// </summary>
internal sealed unsafe class GatedDeltaNet : Branch
{
    private readonly int _hidden;
    private readonly DeltaRuleSpec _spec;
    private readonly CausalConvolution _convolution;
    private readonly DeltaRule _rule;
    private Projection _mixed = null!;
    private Projection _gate = null!;
    private Projection _rates = null!;
    private Projection? _decays;
    private Projection _output = null!;
    private long _projected;
    private long _convolved;
    private long _gateBuffer;
    private long _rateBuffer;
    private long _decayBuffer;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public GatedDeltaNet(string prefix, int hidden, DeltaRuleSpec spec)
        : base(prefix, "delta net")
    {
        _hidden = hidden;
        _spec = spec;
        _convolution = new CausalConvolution($"{prefix}.ssm_conv1d", spec.Taps, spec.MixedWidth);
        _rule = new DeltaRule(prefix, spec);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public GatedDeltaNetParts Parts => new(_rule.Parts, _mixed, _convolution, _gate, _rates, _decays, _output);

    public override ActivationForms Reads => Activations.FormsFor(_mixed, _gate, _rates, _decays);

    public override void Bind(TensorBinder tensors)
    {
        BiasOrder order = _spec.BiasOrder;
        _mixed = tensors.Projection($"{Prefix}.attn_qkv", _spec.MixedWidth, _hidden, order: order);
        _gate = tensors.Projection($"{Prefix}.attn_gate", _spec.ValueWidth, _hidden, order: order);
        _rates = _spec.HasPairedRates
            ? tensors.Projection($"{Prefix}.ssm_ba", 2 * _spec.Heads, _hidden, order: order)
            : tensors.Projection($"{Prefix}.ssm_beta", _spec.Heads, _hidden, order: order);
        _decays = _spec.HasPairedRates ? null : tensors.Projection($"{Prefix}.ssm_alpha", _spec.Heads, _hidden, order: order);
        _convolution.Bind(tensors);
        _rule.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.ssm_out", _hidden, _spec.ValueWidth, order: order);
    }

    public override void Declare(StatePlan state)
    {
        _convolution.Declare(state);
        _rule.Declare(state);
    }

    public override void Plan(ScratchPlan scratch)
    {
        _projected = scratch.Floats(_spec.MixedWidth);
        _convolved = scratch.Floats(_spec.MixedWidth);
        _gateBuffer = scratch.Floats(_spec.ValueWidth);
        _rateBuffer = scratch.Floats(_rates.Rows);
        _decayBuffer = _decays is null
            ? _rateBuffer + (_spec.Heads / _spec.KeyHeads * sizeof(float))
            : scratch.Floats(_decays.Rows);
        _result = scratch.Floats(_spec.ValueWidth);
        scratch.UseActivations(_spec.ValueWidth, scratch.Rows);
        _rule.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        var rows = new DeltaRows
        {
            Mixed = t.Floats(_convolved),
            Decays = t.Floats(_decayBuffer),
            DecayStride = (_decays ?? _rates).Rows,
            Rates = t.Floats(_rateBuffer),
            RateStride = _rates.Rows,
            Gates = t.Floats(_gateBuffer),
            Result = t.Floats(_result),
        };
        var mixed = new Product(_mixed, t.Floats(_projected), _spec.MixedWidth);
        var gate = new Product(_gate, rows.Gates, _spec.ValueWidth);
        var rates = new Product(_rates, rows.Rates, rows.RateStride);
        if (_decays is null)
        {
            t.Multiply(input, t.Rows, mixed, gate, rates);
        }
        else
        {
            t.Multiply(input, t.Rows, mixed, gate, rates, new Product(_decays, rows.Decays, rows.DecayStride));
        }

        t.Barrier();
        _convolution.RunSilu(t, mixed.Y, _spec.MixedWidth, rows.Mixed);
        t.Barrier();
        _rule.Run(t, rows);
        t.Barrier();
        t.MultiplyTo(output, t.Prepare(rows.Result, _spec.ValueWidth, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }
}
