using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes Wo softmax(scale rope(Wq n) rope(Wk n)^T) Wv n, with keys and values of earlier positions from the cache of the sequence. Wq,
/// Wk and Wv are separate matrices in the file, or one matrix <c>attn_qkv</c> with the rows of all three.
/// </summary>
internal sealed unsafe class Attention : Branch
{
    private readonly int _hidden;
    private readonly AttentionSpec _spec;
    private readonly int _queryRows;
    private readonly bool _hasKeys;
    private readonly Attention? _keysOf;
    private readonly Norm? _queryNorm;
    private readonly Norm? _keyNorm;
    private readonly Norm? _valueNorm;
    private readonly Norm? _subNorm;
    private readonly OutputGate? _gate;
    private readonly AttentionCore _attention;
    private Projection? _fused;
    private Projection? _query;
    private Projection? _key;
    private Projection? _value;
    private RemainderProduct? _fineValue;
    private Projection _output = null!;
    private long _queries;
    private long _keys;
    private long _values;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    /// <param name="keysOf">An earlier layer whose keys and values this layer reads; null for a layer with its own.</param>
    public Attention(string prefix, int hidden, AttentionSpec spec, Attention? keysOf = null)
        : base(prefix, "attention")
    {
        _hidden = hidden;
        _spec = spec;
        _queryRows = spec.Gate == OutputGateKind.SigmoidOfQuery ? 2 * spec.QueryWidth : spec.QueryWidth;
        _attention = new AttentionCore(prefix, spec, spec.Rope)
        {
            CanTurnKeys = spec.CanTurnKeys,
            Temperature = spec.Temperature,
            KeysOf = keysOf?._attention,
        };
        _hasKeys = keysOf is null;
        _keysOf = keysOf;
        _queryNorm = CreateNorm("attn_q_norm", spec.Heads);
        _keyNorm = _hasKeys ? CreateNorm("attn_k_norm", spec.KvHeads) : null;
        _valueNorm = spec.NormsValues && _hasKeys ? new Norm(null, NormKind.Rms, spec.NormEpsilon, spec.ValueLength) : null;
        _subNorm = spec.HasSubNorm ? new Norm($"{prefix}.attn_sub_norm", NormKind.Rms, spec.NormEpsilon, spec.OutputWidth) : null;
        _gate = spec.Gate == OutputGateKind.None ? null : new OutputGate(prefix, hidden, spec);
    }

    public override ActivationForms Reads => Activations.FormsFor(_fused, _query, _key, _value, _gate?.Projection)
        | (_fineValue is null ? ActivationForms.None : ActivationForms.Rows);

    /// <summary>Gets the parts of the bound module.</summary>
    public AttentionParts Parts => new(
        _spec, _fused, _query, _key, _value, _output, _queryNorm, _keyNorm, _valueNorm, _subNorm, _gate?.Projection, _attention.Rotation,
        _attention.Sinks, _keysOf);

    /// <summary>Gets the distance between the queries of two rows, in floats.</summary>
    private int QueryStride => _fused?.Rows ?? _queryRows;

    public override void Bind(TensorBinder tensors)
    {
        BindInputs(tensors, $"{Prefix}.attn_qkv", _spec.InputBiasOrder);
        if (_spec.HasFineValues && (_value ?? _fused) is { Reads: ActivationKind.Int8 } value)
        {
            _fineValue = new RemainderProduct(value, value.Rows - _spec.ValueWidth);
        }

        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, _spec.OutputWidth, _spec.ResidualScale);
        _queryNorm?.Bind(tensors);
        _keyNorm?.Bind(tensors);
        _subNorm?.Bind(tensors);
        _gate?.Bind(tensors);
        if (_spec.MayHaveSinks && tensors.Source.OptionalVector($"{Prefix}.attn_sinks.weight", _spec.Heads) is { } sinks)
        {
            _attention.UseSinks(sinks);
        }
    }

    public override void Declare(StatePlan state) => _attention.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        if (_fineValue is not null)
        {
            scratch.KeepInput();
            _fineValue.Plan(scratch);
        }

        if (_fused is not null)
        {
            // Each row is [query | key | value].
            _queries = scratch.Floats(_fused.Rows);
            _keys = _queries + (_queryRows * sizeof(float));
            _values = _keys + (_spec.KeyWidth * sizeof(float));
        }
        else
        {
            _queries = scratch.Floats(_queryRows);
            _keys = scratch.Floats(_spec.KeyWidth);
            _values = scratch.Floats(_spec.ValueWidth);
        }

        _result = scratch.Floats(_spec.OutputWidth);
        scratch.UseActivations(_spec.OutputWidth, scratch.Rows);
        _gate?.Plan(scratch);
        _attention.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        _fineValue?.Run(t, input);
        Project(t, input);
        float* result = t.Floats(_result);
        if (t.Index == 0)
        {
            _attention.PlanBatch(t, t.Floats(_queries), QueryStride, result);
        }

        t.Barrier();
        RotateAndStore(t);
        t.Barrier();
        _attention.Attend(t);
        _gate?.Run(t, result);
        t.MultiplyTo(
            output,
            t.Prepare(result, _spec.OutputWidth, t.Rows, _subNorm, Activations.FormsFor(_output), normed: result),
            _output);
    }

    private void BindInputs(TensorBinder tensors, string fused, BiasOrder order)
    {
        if (_spec.HasEqualParts)
        {
            _query = tensors.Part(fused, _queryRows, _queryRows, _hidden, part: 0, parts: 3, order);
            _key = tensors.Part(fused, _queryRows, _spec.KeyWidth, _hidden, part: 1, parts: 3, order);
            _value = tensors.Part(fused, _queryRows, _spec.ValueWidth, _hidden, part: 2, parts: 3, order);
        }
        else if (!_hasKeys)
        {
            _query = tensors.Projection($"{Prefix}.attn_q", _queryRows, _hidden, order: order);
        }
        else if (tensors.Has(fused))
        {
            _fused = tensors.Projection(fused, _queryRows + _spec.KeyWidth + _spec.ValueWidth, _hidden, order: order);
        }
        else
        {
            _query = tensors.Projection($"{Prefix}.attn_q", _queryRows, _hidden, order: order);
            _key = tensors.Projection($"{Prefix}.attn_k", _spec.KeyWidth, _hidden, order: order);
            _value = _spec.MayShareValues && !tensors.Has($"{Prefix}.attn_v")
                ? null
                : tensors.Projection($"{Prefix}.attn_v", _spec.ValueWidth, _hidden, order: order);
        }
    }

    private Norm? CreateNorm(string name, int heads)
    {
        AttentionSpec spec = _spec;
        string full = $"{Prefix}.{name}";
        return spec.Norm switch
        {
            QueryKeyNorm.None => null,
            QueryKeyNorm.PlainHeads => new Norm(null, spec.NormKind, spec.NormEpsilon, spec.KeyLength),
            QueryKeyNorm.QueryGains => new Norm(name == "attn_q_norm" ? full : null, spec.NormKind, spec.NormEpsilon, spec.KeyLength)
            {
                WeightRows = heads,
                HasGains = true,
            },
            QueryKeyNorm.OwnHeads => new Norm(full, spec.NormKind, spec.NormEpsilon, spec.KeyLength) { WeightRows = heads },
            QueryKeyNorm.Whole => new Norm(full, spec.NormKind, spec.NormEpsilon, heads * spec.KeyLength),
            _ => new Norm(full, spec.NormKind, spec.NormEpsilon, spec.KeyLength),
        };
    }

    /// <summary>Computes queries, keys, values and gates. The caller ends the phase.</summary>
    private void Project(PassThread t, in Activations input)
    {
        Products products = default;
        int count = 0;
        if (_fused is not null)
        {
            products[count++] = new Product(_fused, t.Floats(_queries), _fused.Rows);
        }
        else
        {
            products[count++] = new Product(_query!, t.Floats(_queries), _queryRows);
        }

        if (_key is not null)
        {
            products[count++] = new Product(_key, t.Floats(_keys), _spec.KeyWidth);
        }

        if (_value is not null)
        {
            products[count++] = new Product(_value, t.Floats(_values), _spec.ValueWidth);
        }

        if (_gate?.Projection is not null)
        {
            products[count++] = _gate.Product(t);
        }

        t.Multiply(input, t.Rows, ((ReadOnlySpan<Product>)products)[..count]);
    }

    /// <summary>Normalizes and rotates queries and keys, and stores keys and values in the caches.</summary>
    private void RotateAndStore(PassThread t)
    {
        while (t.TakeRows(out int first, out int last))
        {
            for (int row = first; row < last; row++)
            {
                RotateAndStore(t, row);
            }
        }
    }

    private void RotateAndStore(PassThread t, int row)
    {
        float* query = t.Floats(_queries) + ((long)row * QueryStride);
        float* key = t.Floats(_keys) + ((long)row * (_fused?.Rows ?? _spec.KeyWidth));
        float* value = t.Floats(_values) + ((long)row * (_fused?.Rows ?? _spec.ValueWidth));
        if (_spec.Gate == OutputGateKind.SigmoidOfQuery)
        {
            _gate!.Split(t, row, query);
        }

        _fineValue?.AddTo(t, row, value);
        if (_spec.Clamp != 0)
        {
            Clamp(query, _spec.QueryWidth);
            Clamp(key, _hasKeys ? _spec.KeyWidth : 0);
            Clamp(value, _hasKeys ? _spec.ValueWidth : 0);
        }

        NormalizeAndRotate(t, row, query, _queryNorm, _spec.Heads);
        if (!_hasKeys)
        {
            _attention.Store(query);
            return;
        }

        if (_fused is null && _value is null)
        {
            new ReadOnlySpan<float>(key, _spec.KeyWidth).CopyTo(new Span<float>(value, _spec.ValueWidth));
        }

        NormalizeAndRotate(t, row, key, _keyNorm, _spec.KvHeads);
        Normalize(t.Vector, _valueNorm, value, _spec.ValueWidth);
        _attention.Store(t, row, query, key, value);
    }

    private void NormalizeAndRotate(PassThread t, int row, float* x, Norm? norm, int heads)
    {
        if (!_spec.NormsAfterRope)
        {
            Normalize(t.Vector, norm, x, heads * _spec.KeyLength);
        }

        if (_attention.Rotation is { } rotation)
        {
            float* cos = t.Rotation(row, rotation);
            RopeSpec rope = rotation.Rope;
            Rope.Apply(x, heads, _spec.KeyLength, rope.Dimensions, cos, cos + rotation.Pairs, rope.Pairing);
        }

        if (_spec.NormsAfterRope)
        {
            Normalize(t.Vector, norm, x, heads * _spec.KeyLength);
        }
    }

    private void Clamp(float* x, int count)
    {
        for (int i = 0; i < count; i++)
        {
            x[i] = Math.Clamp(x[i], -_spec.Clamp, _spec.Clamp);
        }
    }

    private static void Normalize(ElementwiseKernels vector, Norm? norm, float* x, int width)
    {
        for (int head = 0, at = 0; norm is not null && at < width; head++, at += norm.Width)
        {
            norm.Apply(vector, x + at, x + at, head);
        }
    }

    /// <summary>The products of a layer: of queries, keys, values and gates.</summary>
    [InlineArray(4)]
    private struct Products
    {
#pragma warning disable IDE0044, IDE0051 // the element of the array
        private Product _first;
#pragma warning restore IDE0044, IDE0051
    }
}
