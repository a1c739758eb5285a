using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The norms of queries and keys.</summary>
internal enum QueryKeyNorm
{
    None,

    /// <summary>Each head separately, with the same weights.</summary>
    Heads,

    /// <summary>All heads of a position together.</summary>
    Whole,
}

/// <summary>The parameters of an attention layer: those of the kernel, and of the steps around it.</summary>
internal sealed record AttentionSpec : AttentionShape
{
    /// <summary>Gets the rotary encoding; null if queries and keys have no position encoding.</summary>
    public RopeSpec? Rope { get; init; }

    /// <summary>Gets the norm of queries and keys before their rotation.</summary>
    public QueryKeyNorm Norm { get; init; }

    /// <summary>Gets the epsilon of <see cref="Norm"/>.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>
    /// Gets whether the result is normalized (<c>attn_sub_norm</c>, with <see cref="NormEpsilon"/>) before its projection.
    /// </summary>
    public bool HasSubNorm { get; init; }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    public int QueryWidth => Heads * KeyLength;

    public int KeyWidth => KvHeads * KeyLength;

    public int ValueWidth => KvHeads * ValueLength;

    /// <summary>Gets the width of the attention's output before its projection.</summary>
    public int OutputWidth => Heads * ValueLength;
}

/// <summary>
/// Computes Wo softmax(scale rope(Wq n) rope(Wk n)^T) Wv n, with keys and values of earlier positions from the cache of the sequence. Wq,
/// Wk and Wv are separate matrices in the file, or one matrix <c>attn_qkv</c> with the rows of all three.
/// </summary>
internal sealed unsafe class Attention : Branch
{
    private readonly int _hidden;
    private readonly AttentionSpec _spec;
    private readonly Norm? _queryNorm;
    private readonly Norm? _keyNorm;
    private readonly Norm? _subNorm;
    private readonly AttentionCore _attention;
    private Projection? _fused;
    private Projection? _query;
    private Projection? _key;
    private Projection? _value;
    private Projection _output = null!;
    private long _queries;
    private long _keys;
    private long _values;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public Attention(string prefix, int hidden, AttentionSpec spec)
        : base(prefix, "attention")
    {
        _hidden = hidden;
        _spec = spec;
        _attention = new AttentionCore(prefix, spec, spec.Rope);
        _subNorm = spec.HasSubNorm ? new Norm($"{prefix}.attn_sub_norm", NormKind.Rms, spec.NormEpsilon, spec.OutputWidth) : null;
        if (spec.Norm != QueryKeyNorm.None)
        {
            bool heads = spec.Norm == QueryKeyNorm.Heads;
            _queryNorm = new Norm($"{prefix}.attn_q_norm", NormKind.Rms, spec.NormEpsilon, heads ? spec.KeyLength : spec.QueryWidth);
            _keyNorm = new Norm($"{prefix}.attn_k_norm", NormKind.Rms, spec.NormEpsilon, heads ? spec.KeyLength : spec.KeyWidth);
        }
    }

    public override ActivationForms Reads => Activations.FormsFor(_fused, _query, _key, _value);

    public override void Bind(TensorBinder tensors)
    {
        if (tensors.Has($"{Prefix}.attn_qkv"))
        {
            _fused = tensors.Projection($"{Prefix}.attn_qkv", _spec.QueryWidth + _spec.KeyWidth + _spec.ValueWidth, _hidden);
        }
        else
        {
            _query = tensors.Projection($"{Prefix}.attn_q", _spec.QueryWidth, _hidden);
            _key = tensors.Projection($"{Prefix}.attn_k", _spec.KeyWidth, _hidden);
            _value = tensors.Projection($"{Prefix}.attn_v", _spec.ValueWidth, _hidden);
        }

        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, _spec.OutputWidth, _spec.ResidualScale);
        _queryNorm?.Bind(tensors);
        _keyNorm?.Bind(tensors);
        _subNorm?.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _attention.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        if (_fused is not null)
        {
            // Each row is [query | key | value].
            _queries = scratch.Floats(_fused.Rows);
            _keys = _queries + (_spec.QueryWidth * sizeof(float));
            _values = _keys + (_spec.KeyWidth * sizeof(float));
        }
        else
        {
            _queries = scratch.Floats(_spec.QueryWidth);
            _keys = scratch.Floats(_spec.KeyWidth);
            _values = scratch.Floats(_spec.ValueWidth);
        }

        _result = scratch.Floats(_spec.OutputWidth);
        scratch.UseActivations(_spec.OutputWidth, scratch.Rows);
        _attention.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        if (_fused is not null)
        {
            t.Multiply(input, t.Rows, new Product(_fused, t.Floats(_queries), _fused.Rows));
        }
        else
        {
            t.Multiply(
                input, t.Rows, new Product(_query!, t.Floats(_queries), _spec.QueryWidth),
                new Product(_key!, t.Floats(_keys), _spec.KeyWidth),
                new Product(_value!, t.Floats(_values), _spec.ValueWidth));
        }

        if (t.Index == 0)
        {
            _attention.PlanBatch(t, t.Floats(_queries), _fused?.Rows ?? _spec.QueryWidth, t.Floats(_result));
        }

        t.Barrier();
        RotateAndStore(t);
        t.Barrier();
        _attention.Attend(t);
        float* result = t.Floats(_result);
        t.MultiplyTo(
            output,
            t.Prepare(result, _spec.OutputWidth, t.Rows, _subNorm, Activations.FormsFor(_output), normed: result),
            _output);
    }

    /// <summary>Normalizes and rotates queries and keys, and stores keys and values in the caches.</summary>
    private void RotateAndStore(PassThread t)
    {
        int stride = _fused?.Rows ?? 0;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* query = t.Floats(_queries) + ((long)row * (_fused is null ? _spec.QueryWidth : stride));
            float* key = t.Floats(_keys) + ((long)row * (_fused is null ? _spec.KeyWidth : stride));
            float* value = t.Floats(_values) + ((long)row * (_fused is null ? _spec.ValueWidth : stride));
            Normalize(t.Vector, _queryNorm, query, _spec.QueryWidth);
            Normalize(t.Vector, _keyNorm, key, _spec.KeyWidth);
            if (_attention.Rotation is { } rotation)
            {
                float* cos = t.Rotation(row, rotation);
                float* sin = cos + rotation.Pairs;
                RopeSpec rope = rotation.Rope;
                Rope.Apply(query, _spec.Heads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
                Rope.Apply(key, _spec.KvHeads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
            }

            _attention.Store(t, row, query, key, value);
        }
    }

    private static void Normalize(ElementwiseKernels vector, Norm? norm, float* x, int width)
    {
        for (int at = 0; norm is not null && at < width; at += norm.Width)
        {
            norm.Apply(vector, x + at, x + at);
        }
    }
}
