using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// The common part of all attention layers: stores keys and values in the caches of the sequences and attends to them. A part of mixers.
/// </summary>
internal sealed unsafe class AttentionCore : Module
{
    private readonly string _prefix;
    private readonly RopeSpec? _rope;
    private readonly AttentionBatch _batch = new();
    private AttentionShape _shape;
    private AttentionKernel? _kernel;
    private readonly int _firstRotated;
    private int _layer;
    private long _partials;
    private long _partialBytes;
    private bool _transformsKeys;
    private bool _transformsValues;
    private SelectedAttention? _selected;
    private float* _queries;
    private int _queryStride;
    private float* _output;

    /// <param name="prefix">The prefix of the layer's tensor names, for messages.</param>
    /// <param name="shape">The shape of the attention.</param>
    /// <param name="rope">The rotary encoding of the keys, or null.</param>
    /// <param name="firstRotated">The first rotated element of a key.</param>
    public AttentionCore(string prefix, AttentionShape shape, RopeSpec? rope, int firstRotated = 0)
    {
        _prefix = prefix;
        _shape = shape;
        _rope = rope;
        _firstRotated = firstRotated;
    }

    /// <summary>Gets the part of an earlier layer whose keys and values this layer reads; null for a layer with its own.</summary>
    public AttentionCore? KeysOf { get; init; }

    /// <summary>Gets whether cached keys can be turned to other positions.</summary>
    public bool CanTurnKeys { get; init; } = true;

    /// <summary>Gets the location of the rope's cosines and sines, or null.</summary>
    public Rotation? Rotation { get; private set; }

    /// <summary>Gets the factor of queries that grows with their position, or null.</summary>
    public QueryTemperature? Temperature { get; init; }

    /// <summary>Gets [heads]: one more logit of each head, or null.</summary>
    public float[]? Sinks => _shape.Sinks;

    /// <summary>Gets the keys that rows attend to; null for all that they see.</summary>
    public KeySelection? Selection { get; init; }

    public override void Bind(TensorBinder tensors)
    {
    }

    /// <summary>Adds one logit per head that counts only in the sum of the softmax.</summary>
    public void UseSinks(float[] sinks) => _shape = _shape with { Sinks = sinks };

    public override void Declare(StatePlan state)
    {
        _selected = Selection is null ? null : new SelectedAttention(_shape, Selection);
        Rotation = _rope is null ? null : state.AddRotation(_rope);
        if (KeysOf is not null)
        {
            _layer = KeysOf._layer;
            return;
        }

        _layer = state.AddKeysAndValues(
            new KvLayer(
                _shape.KvHeads, _shape.KeyLength, _shape.ValueLength, _shape.Reach ?? 0, CanTurnKeys ? Rotation : null, _firstRotated,
                _shape.IsCausal));
    }

    public override void Plan(ScratchPlan scratch)
    {
        _kernel = scratch.Isa.CreateAttention(_shape, scratch.Size.Types.KeyTensorType, scratch.Size.Types.ValueTensorType);
        _partialBytes = _kernel.MostPartialBytes(scratch.Size.Positions, scratch.Size.Sequences, scratch.Rows);
        _partials = scratch.Bytes(_partialBytes);
        _transformsKeys = HadamardTransform.AppliesTo(scratch.Size.Types.KeyTensorType, _shape.KeyLength);
        _transformsValues = HadamardTransform.AppliesTo(scratch.Size.Types.ValueTensorType, _shape.ValueLength);
        scratch.UseThread(Math.Max(_kernel.ScratchBytes, sizeof(float) * ((long)_shape.KeyLength + _shape.ValueLength)));
        _selected?.Plan(scratch);
    }

    /// <summary>Plans the work of all sequences. Called by one thread; the others read the plan after a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="queries">[rows, heads, key length], not filled yet.</param>
    /// <param name="queryStride">The distance between the queries of two rows, in floats.</param>
    /// <param name="output">[rows, heads, value length].</param>
    public void PlanBatch(PassThread t, float* queries, int queryStride, float* output)
    {
        int outputStride = _shape.Heads * _shape.ValueLength;
        _queries = queries;
        _queryStride = queryStride;
        _output = output;
        _batch.Begin(_kernel!, t.Floats(_partials), _partialBytes);
        foreach (ref readonly SequenceRows sequence in t.Sequences)
        {
            int rows = _selected?.RowsWithAllKeys(sequence) ?? sequence.Rows;
            if (rows == 0)
            {
                continue;
            }

            var slice = new AttentionSlice
            {
                Queries = queries + ((long)sequence.FirstRow * queryStride),
                QueryStride = queryStride,
                Output = output + ((long)sequence.FirstRow * outputStride),
                OutputStride = outputStride,
                Start = sequence.FirstPosition,
                Tokens = rows,
            };
            sequence.State.Cache.Fill(ref slice, _layer);
            _batch.Add(slice);
        }
    }

    /// <summary>Stores a row's key and value in the cache of its sequence, and brings its queries into the form of the keys.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="query">[heads, key length], rotated; changed.</param>
    /// <param name="key">[KV heads, key length], rotated.</param>
    /// <param name="value">[KV heads, value length].</param>
    public void Store(PassThread t, int row, float* query, float* key, float* value)
    {
        t.Pass.LookAtRow(_prefix, "keys", row, new ReadOnlySpan<float>(key, _shape.KvHeads * _shape.KeyLength));
        t.Pass.LookAtRow(_prefix, "values", row, new ReadOnlySpan<float>(value, _shape.KvHeads * _shape.ValueLength));
        KvCache cache = t.Pass.SequenceOf(row).State.Cache;
        int position = t.Position(row);
        for (int head = 0; head < _shape.KvHeads; head++)
        {
            float* headKey = key + (head * _shape.KeyLength);
            float* headValue = value + (head * _shape.ValueLength);
            float* copies = (float*)t.Scratch;
            cache.Store(
                _layer, head, position,
                _transformsKeys ? Transform(headKey, _shape.KeyLength, copies) : headKey,
                _transformsValues ? Transform(headValue, _shape.ValueLength, copies + _shape.KeyLength) : headValue);
        }

        if (Temperature is not null)
        {
            t.Vector.Scale(query, Temperature.FactorAt(position), _shape.Heads * _shape.KeyLength);
        }

        Store(query);
    }

    /// <summary>Brings a row's queries into the form of the cached keys.</summary>
    /// <param name="query">[heads, key length], rotated; changed.</param>
    public void Store(float* query)
    {
        if (_transformsKeys)
        {
            HadamardTransform.Apply(query, _shape.Heads * _shape.KeyLength);
        }
    }

    /// <summary>Computes output = softmax(scale q k^T) v for all rows. Ends at a barrier.</summary>
    public void Attend(PassThread t)
    {
        Compute(t, _batch);
        _selected?.Attend(t, _layer, _queries, _queryStride, _output);
        if (_transformsValues)
        {
            int width = _shape.Heads * _shape.ValueLength;
            for (int row; (row = t.TakeItem()) < t.Rows;)
            {
                HadamardTransform.Apply(_output + ((long)row * width), width);
            }

            t.Barrier();
        }
    }

    /// <summary>Computes all items of a batch. Ends at a barrier.</summary>
    public static void Compute(PassThread t, AttentionBatch batch)
    {
        for (int item; (item = t.TakeItem()) < batch.Items;)
        {
            batch.Compute(item, t.Scratch);
        }

        t.Barrier();
        if (batch.MergeItems > 0)
        {
            for (int item; (item = t.TakeItem()) < batch.MergeItems;)
            {
                batch.Merge(item);
            }

            t.Barrier();
        }
    }

    /// <summary>Makes a transformed copy: a key and a value may be the same memory.</summary>
    private static float* Transform(float* x, int length, float* copy)
    {
        new ReadOnlySpan<float>(x, length).CopyTo(new Span<float>(copy, length));
        HadamardTransform.Apply(copy, length);
        return copy;
    }
}
