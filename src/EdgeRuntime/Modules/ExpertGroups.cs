using System;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Modules;

/// <summary>The buffers of a layer of experts, as offsets in the scratch. A pair is one row with one of its experts.</summary>
internal readonly struct ExpertBuffers
{
    /// <param name="scratch">The plan.</param>
    /// <param name="spec">The parameters of the layer.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="hasGateTiles">Whether Gate reads its input in another form than Up.</param>
    public ExpertBuffers(ScratchPlan scratch, ExpertSpec spec, int hidden, bool hasGateTiles)
    {
        int pairs = checked(scratch.Rows * spec.Used);
        Experts = scratch.Floats(spec.Used);
        Weights = scratch.Floats(spec.Used);
        PairOf = scratch.Floats(spec.Used);
        RowOf = scratch.Floats(spec.Used);
        First = scratch.Bytes((spec.Count + 1) * sizeof(int));
        ActiveExperts = scratch.Bytes((spec.Count + 1) * sizeof(int));
        InputTiles = scratch.Bytes(TileBytes(hidden, pairs));
        GateTiles = hasGateTiles ? scratch.Bytes(TileBytes(hidden, pairs)) : InputTiles;
        Inner = scratch.Bytes((long)pairs * spec.Width * sizeof(float));
        Up = scratch.Bytes((long)pairs * spec.Width * sizeof(float));
        InnerTiles = scratch.Bytes(TileBytes(spec.Width, pairs));
        Results = scratch.Bytes((long)pairs * hidden * sizeof(float));
        Shared = scratch.Floats(hidden);
        SharedGates = scratch.Floats(1);
    }

    /// <summary>Gets int [rows, used]: the chosen experts.</summary>
    public long Experts { get; }

    /// <summary>Gets float [rows, used]: the weights of the chosen experts.</summary>
    public long Weights { get; }

    /// <summary>Gets int [rows, used]: the indices of a row's pairs in the order by expert.</summary>
    public long PairOf { get; }

    /// <summary>Gets int [pairs]: the row of each pair in the order by expert.</summary>
    public long RowOf { get; }

    /// <summary>Gets int [count + 1]: the first pair of each expert.</summary>
    public long First { get; }

    /// <summary>Gets int [1 + count]: the number of experts with pairs, then their indices.</summary>
    public long ActiveExperts { get; }

    /// <summary>Gets [pairs, hidden] in tiles: the inputs of the pairs.</summary>
    public long InputTiles { get; }

    /// <summary>Gets [pairs, hidden] in tiles: the inputs of the pairs in the form that Gate reads.</summary>
    public long GateTiles { get; }

    /// <summary>Gets float [pairs, width]: the inner activations.</summary>
    public long Inner { get; }

    /// <summary>Gets float [pairs, width]: the results of Up.</summary>
    public long Up { get; }

    /// <summary>Gets [pairs, width] in tiles: the inner activations.</summary>
    public long InnerTiles { get; }

    /// <summary>Gets float [pairs, hidden]: the results of the pairs.</summary>
    public long Results { get; }

    /// <summary>Gets float [rows, hidden]: the results of the shared expert.</summary>
    public long Shared { get; }

    /// <summary>Gets float [rows]: the scores of the shared expert.</summary>
    public long SharedGates { get; }

    private static long TileBytes(int columns, int pairs) => Math.Max(
        ActivationLayout.ByteSize(ActivationKind.Float32, columns, pairs), ActivationLayout.ByteSize(ActivationKind.Int8, columns, pairs));
}

/// <summary>The pairs of rows and experts of a batch, sorted by expert. A view of <see cref="ExpertBuffers"/>.</summary>
internal readonly unsafe struct ExpertGroups
{
    private readonly ExpertSpec _spec;
    private readonly int _rows;
    private readonly int* _experts;
    private readonly float* _weights;
    private readonly int* _pairOf;
    private readonly int* _rowOf;
    private readonly int* _first;
    private readonly int* _active;

    public ExpertGroups(PassThread t, in ExpertBuffers buffers, ExpertSpec spec)
    {
        _spec = spec;
        _rows = t.Rows;
        _experts = (int*)t.Floats(buffers.Experts);
        _weights = t.Floats(buffers.Weights);
        _pairOf = (int*)t.Floats(buffers.PairOf);
        _rowOf = (int*)t.Floats(buffers.RowOf);
        _first = (int*)t.Floats(buffers.First);
        _active = (int*)t.Floats(buffers.ActiveExperts);
    }

    /// <summary>Gets the number of experts with pairs.</summary>
    public int Active => _active[0];

    /// <summary>Gets the chosen experts of a row, [used].</summary>
    public int* ExpertsOf(int row) => _experts + ((long)row * _spec.Used);

    /// <summary>Gets the weights of a row's experts, [used].</summary>
    public float* WeightsOf(int row) => _weights + ((long)row * _spec.Used);

    /// <summary>Gets the index of the pair of a row and its k-th expert.</summary>
    public int PairOf(int row, int k) => _pairOf[((long)row * _spec.Used) + k];

    /// <summary>Gets the row of a pair.</summary>
    public int Row(int pair) => _rowOf[pair];

    /// <summary>Gets the weight of a pair.</summary>
    public float WeightOf(int pair)
    {
        int row = Row(pair);
        int k = 0;
        while (PairOf(row, k) != pair)
        {
            k++;
        }

        return WeightsOf(row)[k];
    }

    /// <summary>Gets the first pair of an expert.</summary>
    public int First(int expert) => _first[expert];

    /// <summary>Gets the number of pairs of an expert.</summary>
    public int Count(int expert) => _first[expert + 1] - _first[expert];

    /// <summary>Gets the index of an expert with pairs.</summary>
    public int ActiveExpert(int index) => _active[1 + index];

    /// <summary>Sorts the pairs by expert, and those of an expert by row. Called by one thread.</summary>
    public void Order()
    {
        new Span<int>(_first, _spec.Count + 1).Clear();
        int pairs = _rows * _spec.Used;
        for (int i = 0; i < pairs; i++)
        {
            _first[_experts[i] + 1]++;
        }

        _active[0] = 0;
        for (int expert = 0; expert < _spec.Count; expert++)
        {
            if (_first[expert + 1] > 0)
            {
                _active[++_active[0]] = expert;
            }

            _first[expert + 1] += _first[expert];
        }

        // Placing the pairs of an expert advances its start to the start of the next expert; the loop below restores it.
        for (int i = 0; i < pairs; i++)
        {
            int place = _first[_experts[i]]++;
            _pairOf[i] = place;
            _rowOf[place] = i / _spec.Used;
        }

        for (int expert = _spec.Count; expert > 0; expert--)
        {
            _first[expert] = _first[expert - 1];
        }

        _first[0] = 0;
    }
}
