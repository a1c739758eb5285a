using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of an attention layer whose keys and values are one latent vector per position.</summary>
internal sealed record LatentAttentionSpec
{
    public required int Heads { get; init; }

    /// <summary>Gets the length of the latent vector.</summary>
    public required int Latent { get; init; }

    /// <summary>Gets the length of the low-rank query; 0 if queries are projected directly.</summary>
    public required int QueryRank { get; init; }

    /// <summary>Gets the number of elements of a head's query that are not rotated.</summary>
    public required int PlainLength { get; init; }

    /// <summary>Gets the length of a head's value after its expansion.</summary>
    public required int ValueLength { get; init; }

    public required RopeSpec Rope { get; init; }

    /// <summary>Gets the factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Gets the epsilon of the norms of the latent vectors.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Gets the length of a head's query.</summary>
    public int QueryLength => PlainLength + Rope.Dimensions;

    /// <summary>Gets the length of a position's key: the latent vector, then the rotated elements.</summary>
    public int KeyLength => Latent + Rope.Dimensions;
}

/// <summary>
/// Multi-head latent attention in its absorbed form: each head's query is projected into the space of the latent vectors, so that all heads
/// share the key [latent | rotated] and the value [latent]; only the result is expanded per head.
/// Source: DeepSeek-V2, arXiv 2405.04434.
/// </summary>
internal sealed unsafe class LatentAttention : Branch
{
    private readonly int _hidden;
    private readonly LatentAttentionSpec _spec;
    private readonly Norm? _queryNorm;
    private readonly Norm _latentNorm;
    private readonly HeadProjections _absorb;
    private readonly HeadProjections _expand;
    private readonly AttentionCore _attention;
    private Projection? _queryDown;
    private Projection _query = null!;
    private Projection _keyValue = null!;
    private Projection _output = null!;
    private long _lowRank;
    private long _queries;
    private long _absorbed;
    private long _latents;
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
        _queryNorm = spec.QueryRank == 0 ? null : new Norm($"{prefix}.attn_q_a_norm", NormKind.Rms, spec.NormEpsilon, spec.QueryRank);
        _latentNorm = new Norm($"{prefix}.attn_kv_a_norm", NormKind.Rms, spec.NormEpsilon, spec.Latent);
        _absorb = new HeadProjections($"{prefix}.attn_k_b", spec.Heads, spec.Latent, spec.PlainLength);
        _expand = new HeadProjections($"{prefix}.attn_v_b", spec.Heads, spec.ValueLength, spec.Latent);
        _attention = new AttentionCore(
            prefix,
            new AttentionShape
            {
                Heads = spec.Heads,
                KvHeads = 1,
                KeyLength = spec.KeyLength,
                ValueLength = spec.Latent,
                Scale = spec.Scale,
            },
            spec.Rope, firstRotated: spec.Latent);
    }

    public override ActivationForms Reads => Activations.FormsFor(_queryDown ?? _query, _keyValue);

    public override void Bind(TensorBinder tensors)
    {
        int width = _spec.Heads * _spec.QueryLength;
        _queryDown = _spec.QueryRank == 0 ? null : tensors.Projection($"{Prefix}.attn_q_a", _spec.QueryRank, _hidden);
        _query = _queryDown is null
            ? tensors.Projection($"{Prefix}.attn_q", width, _hidden)
            : tensors.Projection($"{Prefix}.attn_q_b", width, _spec.QueryRank);
        _queryNorm?.Bind(tensors);
        _keyValue = tensors.Projection($"{Prefix}.attn_kv_a_mqa", _spec.KeyLength, _hidden);
        _latentNorm.Bind(tensors);
        _absorb.Bind(tensors);
        _expand.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, _spec.Heads * _spec.ValueLength);
    }

    public override void Declare(StatePlan state) => _attention.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        int heads = _spec.Heads;
        _lowRank = scratch.Floats(_spec.QueryRank);
        _queries = scratch.Floats(heads * _spec.QueryLength);
        _absorbed = scratch.Floats(heads * _spec.KeyLength);
        _latents = scratch.Floats(_spec.KeyLength);
        _attended = scratch.Floats(heads * _spec.Latent);
        _result = scratch.Floats(heads * _spec.ValueLength);
        scratch.UseActivations(Math.Max(_spec.QueryRank, heads * _spec.ValueLength), scratch.Rows);
        _absorb.Plan(scratch);
        _expand.Plan(scratch);
        _attention.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        int heads = _spec.Heads;
        float* queries = t.Floats(_queries);
        float* absorbed = t.Floats(_absorbed);
        float* latents = t.Floats(_latents);
        float* attended = t.Floats(_attended);
        Project(t, input, queries, latents);
        _absorb.Run(
            t, queries, heads * _spec.QueryLength, _spec.QueryLength, absorbed, heads * _spec.KeyLength, _spec.KeyLength);
        RotateAndStore(t, queries, absorbed, latents);
        t.Barrier();
        _attention.Attend(t);
        float* result = t.Floats(_result);
        _expand.Run(t, attended, heads * _spec.Latent, _spec.Latent, result, heads * _spec.ValueLength, _spec.ValueLength);
        t.MultiplyTo(
            output, t.Prepare(result, heads * _spec.ValueLength, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    /// <summary>Projects to the queries, and to the latent vectors with the rotated part of the keys. Ends at a barrier.</summary>
    private void Project(PassThread t, in Activations input, float* queries, float* latents)
    {
        int width = _spec.Heads * _spec.QueryLength;
        var keyValue = new Product(_keyValue, latents, _spec.KeyLength);
        if (_queryDown is null)
        {
            t.Multiply(input, t.Rows, new Product(_query, queries, width), keyValue);
        }
        else
        {
            float* lowRank = t.Floats(_lowRank);
            t.Multiply(input, t.Rows, new Product(_queryDown, lowRank, _spec.QueryRank), keyValue);
            t.Barrier();
            Activations q = t.Prepare(lowRank, _spec.QueryRank, t.Rows, _queryNorm, Activations.FormsFor(_query), normed: lowRank);
            t.Multiply(q, t.Rows, new Product(_query, queries, width));
        }

        if (t.Index == 0)
        {
            _attention.PlanBatch(t, t.Floats(_absorbed), _spec.Heads * _spec.KeyLength, t.Floats(_attended));
        }

        t.Barrier();
    }

    /// <summary>Rotates the last elements of queries and keys, normalizes the latent vectors, and stores both in the caches.</summary>
    private void RotateAndStore(PassThread t, float* queries, float* absorbed, float* latents)
    {
        RopeSpec rope = _spec.Rope;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* cos = t.Rotation(row, _attention.Rotation!);
            float* sin = cos + _attention.Rotation!.Pairs;
            float* latent = latents + ((long)row * _spec.KeyLength);
            _latentNorm.Apply(t.Vector, latent, latent);
            Rope.Apply(latent + _spec.Latent, 1, rope.Dimensions, rope.Dimensions, cos, sin, rope.Pairing);
            for (int head = 0; head < _spec.Heads; head++)
            {
                long index = ((long)row * _spec.Heads) + head;
                float* plain = queries + (index * _spec.QueryLength) + _spec.PlainLength;
                Rope.Apply(plain, 1, rope.Dimensions, rope.Dimensions, cos, sin, rope.Pairing);
                new ReadOnlySpan<float>(plain, rope.Dimensions)
                    .CopyTo(new Span<float>(absorbed + (index * _spec.KeyLength) + _spec.Latent, rope.Dimensions));
            }

            _attention.Store(t, row, absorbed + ((long)row * _spec.Heads * _spec.KeyLength), latent, latent);
        }
    }
}
