using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of an indexer.</summary>
internal sealed record KeyIndexerSpec
{
    public required int Heads { get; init; }

    /// <summary>Gets the number of elements of a head's query and of a key.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Gets the length of the low-rank query, which the queries of the indexer are made of.</summary>
    public required int QueryRank { get; init; }

    public required RopeSpec Rope { get; init; }

    /// <summary>Gets the first element of a key that is rotated.</summary>
    public int FirstRotated { get; init; }

    /// <summary>Gets the epsilon of the norm of keys.</summary>
    public required float NormEpsilon { get; init; }
}

/// <summary>
/// Chooses the keys that attention attends to, by a cheaper attention: score = sum over heads h of w_h relu(q_h k), with one small key for
/// each position. A part of mixers.
/// Source: DeepSeek-V3.2-Exp, section 2.1. The Hadamard transform of its queries and keys does not change scores; here a cache that
/// quantizes keys to 4 bits applies one.
/// </summary>
internal sealed unsafe class KeyIndexer : Module
{
    private const int RowsAtOnce = 16;

    private readonly string _prefix;
    private readonly int _hidden;
    private readonly KeyIndexerSpec _spec;
    private readonly KeySelection _selection;
    private readonly Norm _keyNorm;
    private Projection _query = null!;
    private Projection _key = null!;
    private Projection _weight = null!;
    private Rotation _rotation = null!;
    private int _layer;
    private int _positions;
    private bool _transforms;
    private long _queries;
    private long _keys;
    private long _weights;
    private long _scores;

    /// <param name="prefix">The prefix of the layer's tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    /// <param name="selection">Receives the choice.</param>
    public KeyIndexer(string prefix, int hidden, KeyIndexerSpec spec, KeySelection selection)
    {
        _prefix = $"{prefix}.indexer";
        _hidden = hidden;
        _spec = spec;
        _selection = selection;
        _keyNorm = new Norm($"{_prefix}.k_norm", NormKind.Layer, spec.NormEpsilon, spec.KeyLength);
    }

    /// <summary>Gets the forms in which the indexer reads the layer's input.</summary>
    public ActivationForms Reads => Activations.FormsFor(_key, _weight);

    /// <summary>Gets the forms in which the indexer reads the low-rank query.</summary>
    public ActivationForms ReadsOfQuery => Activations.FormsFor(_query);

    /// <summary>Gets the parts of the bound module.</summary>
    public KeyIndexerParts Parts => new(_spec, _query, _key, _keyNorm, _weight, _rotation);

    private int QueryWidth => _spec.Heads * _spec.KeyLength;

    public override void Bind(TensorBinder tensors)
    {
        _query = tensors.Projection($"{_prefix}.attn_q_b", QueryWidth, _spec.QueryRank);
        _key = tensors.Projection($"{_prefix}.attn_k", _spec.KeyLength, _hidden);
        _weight = tensors.Projection($"{_prefix}.proj", _spec.Heads, _hidden, 1 / MathF.Sqrt(QueryWidth));
        _keyNorm.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        _rotation = state.AddRotation(_spec.Rope);
        _layer = state.AddKeysAndValues(
            new KvLayer(KvHeads: 1, _spec.KeyLength, ValueLength: 0, Window: 0, _rotation, _spec.FirstRotated));
    }

    public override void Plan(ScratchPlan scratch)
    {
        _selection.Plan(scratch);
        _queries = scratch.Floats(QueryWidth);
        _keys = scratch.Floats(_spec.KeyLength);
        _weights = scratch.Floats(_spec.Heads);
        _transforms = HadamardTransform.AppliesTo(scratch.Size.Types.KeyTensorType, _spec.KeyLength);
        if (_selection.IsUsed)
        {
            _positions = (scratch.Size.Positions + KvLayout.PanelPositions - 1) & -KvLayout.PanelPositions;
            _scores = scratch.Bytes((long)int.Min(RowsAtOnce, scratch.Rows) * _positions * sizeof(float));
            scratch.UseThread((long)_spec.KeyLength * KvLayout.PanelPositions * sizeof(float));
        }
    }

    /// <summary>Gets the product that computes the keys of all rows from the layer's input.</summary>
    public Product Keys(PassThread t) => new(_key, t.Floats(_keys), _spec.KeyLength);

    /// <summary>Gets the product that computes the weights of the heads from the layer's input.</summary>
    public Product Weights(PassThread t) => new(_weight, t.Floats(_weights), _spec.Heads);

    /// <summary>Gets the product that computes the queries from the low-rank queries.</summary>
    public Product Queries(PassThread t) => new(_query, t.Floats(_queries), QueryWidth);

    /// <summary>Normalizes and rotates a row's key and stores it in the cache of its sequence, and rotates its queries.</summary>
    public void Store(PassThread t, int row)
    {
        float* cos = t.Rotation(row, _rotation);
        float* sin = cos + _rotation.Pairs;
        float* key = t.Floats(_keys) + ((long)row * _spec.KeyLength);
        float* queries = t.Floats(_queries) + ((long)row * QueryWidth);
        RopeSpec rope = _spec.Rope;
        _keyNorm.Apply(t.Vector, key, key);
        Rope.Apply(key + _spec.FirstRotated, 1, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
        Rope.Apply(queries + _spec.FirstRotated, _spec.Heads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
        t.Pass.LookAtRow(_prefix, "keys", row, new ReadOnlySpan<float>(key, _spec.KeyLength));
        if (_transforms)
        {
            HadamardTransform.Apply(key, _spec.KeyLength);
            HadamardTransform.Apply(queries, QueryWidth);
        }

        t.Pass.SequenceOf(row).State.Cache.Store(_layer, kvHead: 0, t.Position(row), key, value: null);
    }

    /// <summary>Chooses keys for the rows that see too many. The keys of all rows are stored. Ends at a barrier.</summary>
    public void Choose(PassThread t)
    {
        for (int first = 0; _selection.IsUsed && first < t.Rows; first += RowsAtOnce)
        {
            int rows = int.Min(RowsAtOnce, t.Rows - first);
            int chunks = (_positions + KvLayout.ChunkPositions - 1) / KvLayout.ChunkPositions;
            for (int item; (item = t.TakeItem()) < rows * chunks;)
            {
                Score(t, first + (item / chunks), item % chunks, Scores(t, item / chunks));
            }

            t.Barrier();
            for (int i; (i = t.TakeItem()) < rows;)
            {
                if (_selection.Chooses(t, first + i))
                {
                    KeyScores.Largest(
                        new ReadOnlySpan<float>(Scores(t, i), t.Position(first + i) + 1), _selection.Most,
                        new Span<int>(_selection.Chosen(t, first + i), _selection.Most));
                }
            }

            t.Barrier();
        }
    }

    private float* Scores(PassThread t, int index) => t.Floats(_scores) + ((long)index * _positions);

    /// <summary>Computes the scores of a row for the keys of a chunk.</summary>
    private void Score(PassThread t, int row, int chunk, float* scores)
    {
        int end = int.Min(t.Position(row) + 1, (chunk + 1) * KvLayout.ChunkPositions);
        if (!_selection.Chooses(t, row))
        {
            return;
        }

        KvCache cache = t.Pass.SequenceOf(row).State.Cache;
        KvLayout layout = cache.Plan.Layers[_layer].Layout;
        AttentionSlice slice = default;
        cache.Fill(ref slice, _layer);
        float* expanded = (float*)t.Scratch;
        for (int position = chunk * KvLayout.ChunkPositions; position < end; position += KvLayout.PanelPositions)
        {
            layout.ExpandKeys(
                slice.Chunk(chunk, kvHead: 0), position % KvLayout.ChunkPositions / KvLayout.PanelPositions, expanded);
            KeyScores.OfPanel(
                t.Floats(_queries) + ((long)row * QueryWidth), t.Floats(_weights) + ((long)row * _spec.Heads), _spec.Heads, expanded,
                _spec.KeyLength, scores + position);
        }
    }
}
