using System;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Kimi delta attention: Wout delta([q, k, v], decays, rates, gates) with q, k and v each from a projection and a convolution. Every
/// channel of a key has a decay. Decays and gates are products of two matrices where the file has two.
/// Source: Kimi Linear, arXiv 2510.26692.
/// </summary>
internal sealed unsafe class DeltaAttention : Branch
{
    private readonly int _hidden;
    private readonly DeltaRuleSpec _spec;
    private readonly CausalConvolution _convolution;
    private readonly DeltaRule _rule;
    private readonly Projection[] _mixed = new Projection[3];
    private Projection _rates = null!;
    private Projection _decays = null!;
    private Projection? _decaysUp;
    private Projection _gates = null!;
    private Projection? _gatesUp;
    private Projection _output = null!;
    private long _projected;
    private long _convolved;
    private long _rateBuffer;
    private long _decayRanks;
    private long _decayBuffer;
    private long _gateRanks;
    private long _gateBuffer;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters, with a decay for each channel.</param>
    public DeltaAttention(string prefix, int hidden, DeltaRuleSpec spec)
        : base(prefix, "delta attention")
    {
        _hidden = hidden;
        _spec = spec;
        string name = $"{prefix}.ssm_conv1d";
        _convolution = new CausalConvolution([$"{name}_q", $"{name}_k", $"{name}_v"], spec.Taps, spec.MixedWidth);
        _rule = new DeltaRule(prefix, spec);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public DeltaAttentionParts Parts => new(
        _rule.Parts, _mixed, _convolution, _rates, Chain(_decays, _decaysUp), Chain(_gates, _gatesUp), _output);

    public override ActivationForms Reads => Activations.FormsFor(_mixed[0], _mixed[1], _mixed[2], _rates, _decays, _gates);

    public override void Bind(TensorBinder tensors)
    {
        int width = _spec.ValueWidth;
        string fused = $"{Prefix}.attn_qkv";
        bool isFused = tensors.Has(fused);
        for (int i = 0; i < _mixed.Length; i++)
        {
            _mixed[i] = isFused
                ? tensors.Part(fused, width, width, _hidden, i, _mixed.Length, BiasOrder.NoScale)
                : tensors.Projection($"{Prefix}.attn_{"qkv"[i]}", width, _hidden, order: BiasOrder.NoScale);
        }

        _rates = tensors.Projection($"{Prefix}.ssm_beta", _spec.Heads, _hidden, order: BiasOrder.NoScale);
        (_decays, _decaysUp) = BindRanks(tensors, "ssm_f");
        (_gates, _gatesUp) = BindRanks(tensors, "ssm_g");
        _convolution.Bind(tensors);
        _rule.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, width, order: BiasOrder.NoScale);
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
        _rateBuffer = scratch.Floats(_spec.Heads);
        _decayRanks = scratch.Floats(_decays.Rows);
        _decayBuffer = _decaysUp is null ? _decayRanks : scratch.Floats(_spec.ValueWidth);
        _gateRanks = scratch.Floats(_gates.Rows);
        _gateBuffer = _gatesUp is null ? _gateRanks : scratch.Floats(_spec.ValueWidth);
        _result = scratch.Floats(_spec.ValueWidth);
        scratch.UseActivations(Math.Max(_spec.ValueWidth, _spec.HeadSize), scratch.Rows);
        _rule.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        int width = _spec.ValueWidth;
        float* projected = t.Floats(_projected);
        t.Multiply(
            input, t.Rows,
            new Product(_mixed[0], projected, _spec.MixedWidth),
            new Product(_mixed[1], projected + width, _spec.MixedWidth),
            new Product(_mixed[2], projected + (2 * width), _spec.MixedWidth),
            new Product(_rates, t.Floats(_rateBuffer), _spec.Heads),
            new Product(_decays, t.Floats(_decayRanks), _decays.Rows),
            new Product(_gates, t.Floats(_gateRanks), _gates.Rows));
        t.Barrier();
        MultiplyRanks(t, _decaysUp, _decayRanks, _decayBuffer);
        MultiplyRanks(t, _gatesUp, _gateRanks, _gateBuffer);
        _convolution.RunSilu(t, projected, _spec.MixedWidth, t.Floats(_convolved));
        t.Barrier();
        float* result = t.Floats(_result);
        _rule.Run(t, new DeltaRows
        {
            Mixed = t.Floats(_convolved),
            Decays = t.Floats(_decayBuffer),
            DecayStride = width,
            Rates = t.Floats(_rateBuffer),
            RateStride = _spec.Heads,
            Gates = t.Floats(_gateBuffer),
            Result = result,
        });
        t.Barrier();
        t.MultiplyTo(output, t.Prepare(result, width, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    /// <summary>Binds a matrix of all channels, or the two matrices that have it as their product.</summary>
    private (Projection First, Projection? Up) BindRanks(TensorBinder tensors, string name)
    {
        if (tensors.OptionalProjection($"{Prefix}.{name}", _spec.ValueWidth, _hidden, order: BiasOrder.NoScale) is { } whole)
        {
            return (whole, null);
        }

        string up = $"{Prefix}.{name}_b";
        int rank = tensors.Has(up) ? _spec.HeadSize : _spec.ValueWidth;
        return (
            tensors.Projection($"{Prefix}.{name}_a", rank, _hidden, order: BiasOrder.NoScale),
            tensors.OptionalProjection(up, _spec.ValueWidth, rank, order: BiasOrder.NoScale));
    }

    private static Projection[] Chain(Projection first, Projection? up) => up is null ? [first] : [first, up];

    /// <summary>Multiplies by the second of two matrices. Ends at a barrier.</summary>
    private static void MultiplyRanks(PassThread t, Projection? up, long ranks, long result)
    {
        if (up is not null)
        {
            Activations x = t.Prepare(t.Floats(ranks), up.Columns, t.Rows, norm: null, Activations.FormsFor(up));
            t.Multiply(x, t.Rows, new Product(up, t.Floats(result), up.Rows));
            t.Barrier();
        }
    }
}
