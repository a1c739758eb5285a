using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>How queries and keys are normalized.</summary>
internal enum QueryKeyNorm
{
    None,

    /// <summary>Each head by itself, all with the same weights.</summary>
    Heads,

    /// <summary>All heads of a position together.</summary>
    Whole,
}

/// <summary>The parameters of an attention layer.</summary>
internal sealed record AttentionSpec
{
    /// <summary>Query heads, a multiple of <see cref="KvHeads"/>.</summary>
    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    /// <summary>Elements of a head's query and key.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Elements of a head's value.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Factor of q . k before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Null: positions are not encoded in queries and keys.</summary>
    public RopeSpec? Rope { get; init; }

    /// <summary>Norm of queries and keys before their rotation.</summary>
    public QueryKeyNorm Norm { get; init; }

    /// <summary>Of <see cref="Norm"/>.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>Positions that a query sees, its own included; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>c of c * tanh(score / c); 0 for none.</summary>
    public float ScoreCap { get; init; }

    /// <summary>Factor of what is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    public int QueryWidth => Heads * KeyLength;

    public int KeyWidth => KvHeads * KeyLength;

    public int ValueWidth => KvHeads * ValueLength;

    /// <summary>Width of the attention's output, before its projection.</summary>
    public int OutputWidth => Heads * ValueLength;
}

/// <summary>
/// Wo softmax(scale rope(Wq n) rope(Wk n)^T) Wv n, with keys and values of earlier positions from the sequence's cache. The file has Wq, Wk
/// and Wv apart, or one matrix <c>attn_qkv</c> with the rows of all three.
/// </summary>
internal sealed unsafe class Attention : Branch
{
    private readonly string _prefix;
    private readonly int _hidden;
    private readonly AttentionSpec _spec;
    private readonly Norm? _queryNorm;
    private readonly Norm? _keyNorm;
    private Projection? _fused;
    private Projection? _query;
    private Projection? _key;
    private Projection? _value;
    private Projection _output = null!;
    private Rotation? _rotation;
    private KvSlot _slot;
    private CausalAttention[] _kernels = [];
    private long _partials;
    private long _queries;
    private long _keys;
    private long _values;
    private long _result;

    /// <param name="prefix">Of the tensor names: <c>blk.0</c>.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="spec">Parameters.</param>
    public Attention(string prefix, int hidden, AttentionSpec spec)
    {
        _prefix = prefix;
        _hidden = hidden;
        _spec = spec;
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
        if (tensors.Has($"{_prefix}.attn_qkv"))
        {
            _fused = tensors.Projection($"{_prefix}.attn_qkv", _spec.QueryWidth + _spec.KeyWidth + _spec.ValueWidth, _hidden);
        }
        else
        {
            _query = tensors.Projection($"{_prefix}.attn_q", _spec.QueryWidth, _hidden);
            _key = tensors.Projection($"{_prefix}.attn_k", _spec.KeyWidth, _hidden);
            _value = tensors.Projection($"{_prefix}.attn_v", _spec.ValueWidth, _hidden);
        }

        _output = tensors.Projection($"{_prefix}.attn_output", _hidden, _spec.OutputWidth, _spec.ResidualScale);
        _queryNorm?.Bind(tensors);
        _keyNorm?.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        _rotation = _spec.Rope is null ? null : state.AddRotation(_spec.Rope);
        _slot = state.AddKeysAndValues(new KvGeometry(_spec.KvHeads, _spec.KeyLength, _spec.ValueLength), _spec.Window, _rotation);
    }

    public override void Plan(ScratchPlan scratch)
    {
        if (_fused is not null)
        {
            // Rows of [query | key | value].
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
        _kernels = Array.ConvertAll(Enum.GetValues<KvCacheType>(), type => CausalAttention.Create(
            _spec.Heads, _spec.KvHeads, _spec.KeyLength, _spec.ValueLength, _spec.Scale, KvCache.TensorTypeOf(type), scratch.Isa));
        _partials = scratch.Bytes(_kernels[0].PartialBytes(scratch.Positions));
        scratch.UseThread(_kernels[0].ScratchBytes);
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
                input, t.Rows, new Product(_query!, t.Floats(_queries), _spec.QueryWidth), new Product(_key!, t.Floats(_keys), _spec.KeyWidth),
                new Product(_value!, t.Floats(_values), _spec.ValueWidth));
        }

        t.Barrier();
        RotateAndStore(t);
        t.Barrier();
        Attend(t);
        t.MultiplyTo(output, t.Prepare(t.Floats(_result), _spec.OutputWidth, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
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
            if (_rotation is not null)
            {
                float* cos = t.Rotation(row, _rotation);
                float* sin = cos + _rotation.Pairs;
                RopeSpec rope = _rotation.Rope;
                Rope.Apply(query, _spec.Heads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
                Rope.Apply(key, _spec.KvHeads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
            }

            KvCache cache = t.Pass.SequenceOf(row).State.Cache(_slot.Cache);
            int position = t.Position(row);
            for (int head = 0; head < _spec.KvHeads; head++)
            {
                cache.Store(_slot.Layer, head, position, key + (head * _spec.KeyLength), value + (head * _spec.ValueLength));
            }
        }
    }

    /// <summary>result = softmax(scale q k^T) v for all rows. Ends at a barrier.</summary>
    private void Attend(PassThread t)
    {
        foreach (ref readonly SequenceRows sequence in t.Sequences)
        {
            KvCache cache = sequence.State.Cache(_slot.Cache);
            CausalAttention kernel = _kernels[(int)cache.Type];
            AttentionSlice slice = Slice(t, sequence, cache);
            int items = kernel.Items(slice.Start, slice.Tokens);
            for (int item; (item = t.TakeItem()) < items;)
            {
                kernel.Compute(slice, item, t.Scratch);
            }

            t.Barrier();
            int merges = kernel.MergeItems(slice.Start, slice.Tokens);
            if (merges == 0)
            {
                continue;
            }

            for (int item; (item = t.TakeItem()) < merges;)
            {
                kernel.Merge(slice, item);
            }

            t.Barrier();
        }
    }

    private AttentionSlice Slice(PassThread t, in SequenceRows sequence, KvCache cache)
    {
        var slice = new AttentionSlice();
        cache.Fill(ref slice, _slot.Layer);
        slice.QueryStride = _fused is null ? _spec.QueryWidth : _fused.Rows;
        slice.Queries = t.Floats(_queries) + ((long)sequence.FirstRow * slice.QueryStride);
        slice.OutputStride = _spec.OutputWidth;
        slice.Output = t.Floats(_result) + ((long)sequence.FirstRow * slice.OutputStride);
        slice.Start = sequence.FirstPosition;
        slice.Tokens = sequence.Rows;
        slice.Partials = t.Floats(_partials);
        return slice;
    }

    private static void Normalize(VectorKernels vector, Norm? norm, float* x, int width)
    {
        for (int at = 0; norm is not null && at < width; at += norm.Width)
        {
            norm.Apply(vector, x + at, x + at);
        }
    }
}
