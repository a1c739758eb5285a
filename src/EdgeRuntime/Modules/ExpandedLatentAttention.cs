using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Multi-head latent attention in its expanded form: <c>attn_kv_b</c> expands each latent vector to the keys and values of all heads, which
/// an ordinary cache keeps. The heads share the rotated part of the key.
/// Source: DeepSeek-V2, arXiv 2405.04434.
/// </summary>
internal sealed unsafe class ExpandedLatentAttention : Branch
{
    private readonly int _hidden;
    private readonly LatentAttentionSpec _spec;
    private readonly LatentProjections _projections;
    private readonly AttentionCore _attention;
    private Projection _expand = null!;
    private Projection _output = null!;
    private long _latents;
    private long _expanded;
    private long _keys;
    private long _values;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public ExpandedLatentAttention(string prefix, int hidden, LatentAttentionSpec spec)
        : base(prefix, "attention")
    {
        _hidden = hidden;
        _spec = spec;
        _projections = new LatentProjections(prefix, hidden, spec);
        var shape = new AttentionShape
        {
            Heads = spec.Heads,
            KvHeads = spec.Heads,
            KeyLength = spec.QueryLength,
            ValueLength = spec.ValueLength,
            Scale = spec.Scale,
        };
        _attention = new AttentionCore(prefix, shape, spec.Rope, firstRotated: spec.PlainLength) { Temperature = spec.Temperature };
    }

    public override ActivationForms Reads => _projections.Reads;

    private int ExpandedWidth => _spec.Heads * (_spec.PlainLength + _spec.ValueLength);

    private int OutputWidth => _spec.Heads * _spec.ValueLength;

    /// <summary>Gets the parts of the bound module.</summary>
    public LatentAttentionParts Parts =>
        new(_spec, _projections.Parts, [], [_expand], Gate: null, _output, _attention.Rotation!, Sinks: null);

    public override void Bind(TensorBinder tensors)
    {
        _projections.Bind(tensors);
        _expand = tensors.Projection($"{Prefix}.attn_kv_b", ExpandedWidth, _spec.Latent);
        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, OutputWidth, _spec.ResidualScale, _spec.BiasOrder);
    }

    public override void Declare(StatePlan state) => _attention.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _projections.Plan(scratch);
        _latents = scratch.Floats(_spec.Latent);
        _expanded = scratch.Floats(ExpandedWidth);
        _keys = scratch.Floats(_spec.Heads * _spec.QueryLength);
        _values = scratch.Floats(OutputWidth);
        _result = scratch.Floats(OutputWidth);
        scratch.UseActivations(Math.Max(_spec.Latent, OutputWidth), scratch.Rows);
        _attention.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* result = t.Floats(_result);
        if (t.Index == 0)
        {
            _attention.PlanBatch(t, _projections.Queries(t), _spec.Heads * _spec.QueryLength, result);
        }

        _projections.Run(t, input);
        float* latents = t.Floats(_latents);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            _projections.NormalizeAndRotate(t, row, _attention.Rotation!, latents + ((long)row * _spec.Latent));
        }

        t.Barrier();
        Activations n = t.Prepare(latents, _spec.Latent, t.Rows, norm: null, Activations.FormsFor(_expand));
        t.Multiply(n, t.Rows, new Product(_expand, t.Floats(_expanded), ExpandedWidth));
        t.Barrier();
        Store(t);
        t.Barrier();
        _attention.Attend(t);
        t.MultiplyTo(output, t.Prepare(result, OutputWidth, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    /// <summary>Stores the keys [plain | rotated] and the values of all heads in the caches.</summary>
    private void Store(PassThread t)
    {
        int width = _spec.PlainLength + _spec.ValueLength;
        while (t.TakeRows(out int first, out int last))
        {
            for (int row = first; row < last; row++)
            {
                float* keys = t.Floats(_keys) + ((long)row * _spec.Heads * _spec.QueryLength);
                float* values = t.Floats(_values) + ((long)row * OutputWidth);
                var rotated = new ReadOnlySpan<float>(
                    _projections.Latents(t) + ((long)row * _spec.KeyLength) + _spec.Latent, _spec.Rope.Dimensions);
                for (int head = 0; head < _spec.Heads; head++)
                {
                    var expanded = new ReadOnlySpan<float>(t.Floats(_expanded) + ((long)row * ExpandedWidth) + ((long)head * width), width);
                    var key = new Span<float>(keys + ((long)head * _spec.QueryLength), _spec.QueryLength);
                    expanded[.._spec.PlainLength].CopyTo(key);
                    rotated.CopyTo(key[_spec.PlainLength..]);
                    expanded[_spec.PlainLength..].CopyTo(new Span<float>(values + ((long)head * _spec.ValueLength), _spec.ValueLength));
                }

                float* queries = _projections.Queries(t) + ((long)row * _spec.Heads * _spec.QueryLength);
                _attention.Store(t, row, queries, keys, values);
            }
        }
    }
}
