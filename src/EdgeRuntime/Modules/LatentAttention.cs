using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Multi-head latent attention in its absorbed form: each head's query is projected into the space of the latent vectors, so that all heads
/// share the key [latent | rotated] and the value [latent]; only the result is expanded per head.
/// Source: DeepSeek-V2, arXiv 2405.04434.
/// </summary>
internal sealed unsafe class LatentAttention : Branch
{
    private readonly int _hidden;
    private readonly LatentAttentionSpec _spec;
    private readonly LatentProjections _projections;
    private readonly HeadProjections _absorb;
    private readonly HeadProjections _expand;
    private readonly AttentionCore _attention;
    private Projection _output = null!;
    private long _absorbed;
    private long _attended;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public LatentAttention(string prefix, int hidden, LatentAttentionSpec spec)
        : base(prefix, "attention")
    {
        _hidden = hidden;
        _spec = spec;
        _projections = new LatentProjections(prefix, hidden, spec);
        _absorb = new HeadProjections($"{prefix}.attn_k_b", spec.Heads, spec.Latent, spec.PlainLength);
        _expand = new HeadProjections($"{prefix}.attn_v_b", spec.Heads, spec.ValueLength, spec.Latent);
        var shape = new AttentionShape
        {
            Heads = spec.Heads,
            KvHeads = 1,
            KeyLength = spec.KeyLength,
            ValueLength = spec.Latent,
            Scale = spec.Scale,
            Window = spec.Window,
        };
        _attention = new AttentionCore(prefix, shape, spec.Rope, firstRotated: spec.Latent)
        {
            Temperature = spec.Temperature,
            Selection = spec.Selection,
        };
    }

    public override ActivationForms Reads => _projections.Reads;

    /// <summary>Gets the parts of the bound module.</summary>
    public LatentAttentionParts Parts => new(
        _spec, _projections.Parts, _absorb.Parts, _expand.Parts, _projections.Gate?.Projection, _output, _attention.Rotation!,
        _attention.Sinks);

    public override void Bind(TensorBinder tensors)
    {
        _projections.Bind(tensors);
        _absorb.Bind(tensors);
        _expand.Bind(tensors);
        _output = tensors.Projection(
            $"{Prefix}.attn_output", _hidden, _spec.Heads * _spec.ValueLength, _spec.ResidualScale, _spec.BiasOrder);
        if (_spec.HasSinks)
        {
            _attention.UseSinks(tensors.Source.Floats($"{Prefix}.attn_sinks.weight", 1, _spec.Heads));
        }
    }

    public override void Declare(StatePlan state)
    {
        _projections.Indexer?.Declare(state);
        _attention.Declare(state);
    }

    public override void Plan(ScratchPlan scratch)
    {
        int heads = _spec.Heads;
        _projections.Plan(scratch);
        _absorbed = scratch.Floats(heads * _spec.KeyLength);
        _attended = scratch.Floats(heads * _spec.Latent);
        _result = scratch.Floats(heads * _spec.ValueLength);
        scratch.UseActivations(heads * _spec.ValueLength, scratch.Rows);
        _absorb.Plan(scratch);
        _expand.Plan(scratch);
        _attention.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        int heads = _spec.Heads;
        float* absorbed = t.Floats(_absorbed);
        float* attended = t.Floats(_attended);
        if (t.Index == 0)
        {
            _attention.PlanBatch(t, absorbed, heads * _spec.KeyLength, attended);
        }

        _projections.Run(t, input);
        _absorb.Run(
            t, _projections.Queries(t), heads * _spec.QueryLength, _spec.QueryLength, absorbed, heads * _spec.KeyLength, _spec.KeyLength);
        RotateAndStore(t, absorbed);
        t.Barrier();
        _projections.Indexer?.Choose(t);
        _attention.Attend(t);
        float* result = t.Floats(_result);
        _expand.Run(t, attended, heads * _spec.Latent, _spec.Latent, result, heads * _spec.ValueLength, _spec.ValueLength);
        _projections.Gate?.Run(t, result);
        t.MultiplyTo(
            output, t.Prepare(result, heads * _spec.ValueLength, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    /// <summary>Completes queries and keys with their rotated elements, and stores keys and values in the caches.</summary>
    private void RotateAndStore(PassThread t, float* absorbed)
    {
        int rotated = _spec.Rope.Dimensions;
        while (t.TakeRows(out int first, out int last))
        {
            for (int row = first; row < last; row++)
            {
                float* query = _projections.Queries(t) + ((long)row * _spec.Heads * _spec.QueryLength) + _spec.PlainLength;
                float* latent = _projections.Latents(t) + ((long)row * _spec.KeyLength);
                float* target = absorbed + ((long)row * _spec.Heads * _spec.KeyLength);
                _projections.NormalizeAndRotate(t, row, _attention.Rotation!, latent);
                for (int head = 0; head < _spec.Heads; head++)
                {
                    new ReadOnlySpan<float>(query + ((long)head * _spec.QueryLength), rotated)
                        .CopyTo(new Span<float>(target + ((long)head * _spec.KeyLength) + _spec.Latent, rotated));
                }

                _attention.Store(t, row, target, latent, latent);
                _projections.Indexer?.Store(t, row);
            }
        }
    }
}
