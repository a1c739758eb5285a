using System;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Modules;

/// <summary>The buffers of a layer of experts, as offsets in the scratch. A pair is one row with one of its experts.</summary>
internal readonly struct ExpertBuffers
{
    public ExpertBuffers(ScratchPlan scratch, ExpertSpec spec, int hidden)
    {
        int pairs = checked(scratch.Rows * spec.Used);
        Scores = scratch.Floats(spec.Count);
        Experts = scratch.Floats(spec.Used);
        Weights = scratch.Floats(spec.Used);
        PairOf = scratch.Floats(spec.Used);
        RowOf = scratch.Floats(spec.Used);
        First = scratch.Bytes((spec.Count + 1) * sizeof(int));
        ActiveExperts = scratch.Bytes((spec.Count + 1) * sizeof(int));
        InputTiles = scratch.Bytes(TileBytes(hidden, pairs));
        Inner = scratch.Bytes((long)pairs * spec.Width * sizeof(float));
        Up = scratch.Bytes((long)pairs * spec.Width * sizeof(float));
        InnerTiles = scratch.Bytes(TileBytes(spec.Width, pairs));
        Results = scratch.Bytes((long)pairs * hidden * sizeof(float));
        Shared = scratch.Floats(hidden);
        SharedGates = scratch.Floats(1);
    }

    /// <summary>float [rows, count]: scores, then probabilities.</summary>
    public long Scores { get; }

    /// <summary>int [rows, used]: chosen experts.</summary>
    public long Experts { get; }

    /// <summary>float [rows, used]: their weights.</summary>
    public long Weights { get; }

    /// <summary>int [rows, used]: places of a row's pairs in the order by expert.</summary>
    public long PairOf { get; }

    /// <summary>int [pairs]: row of each pair in the order by expert.</summary>
    public long RowOf { get; }

    /// <summary>int [count + 1]: first pair of each expert.</summary>
    public long First { get; }

    /// <summary>int: number of experts with pairs, then their indices.</summary>
    public long ActiveExperts { get; }

    /// <summary>[pairs, hidden] in tiles.</summary>
    public long InputTiles { get; }

    /// <summary>float [pairs, width].</summary>
    public long Inner { get; }

    /// <summary>float [pairs, width].</summary>
    public long Up { get; }

    /// <summary>[pairs, width] in tiles.</summary>
    public long InnerTiles { get; }

    /// <summary>float [pairs, hidden].</summary>
    public long Results { get; }

    /// <summary>float [rows, hidden]: the shared expert's results.</summary>
    public long Shared { get; }

    /// <summary>float [rows]: scores of the shared expert.</summary>
    public long SharedGates { get; }

    private static long TileBytes(int columns, int pairs) => Math.Max(
        ActivationLayout.ByteSize(ActivationKind.Float32, columns, pairs), ActivationLayout.ByteSize(ActivationKind.Int8, columns, pairs));
}

/// <summary>The pairs of rows and experts of a batch, ordered by expert. A view of <see cref="ExpertBuffers"/>.</summary>
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

    /// <summary>Experts with pairs.</summary>
    public int Active => _active[0];

    /// <summary>The chosen experts of a row, [used].</summary>
    public int* ExpertsOf(int row) => _experts + ((long)row * _spec.Used);

    /// <summary>The weights of a row's experts, [used].</summary>
    public float* WeightsOf(int row) => _weights + ((long)row * _spec.Used);

    /// <summary>The place of a row's pair with its k-th expert.</summary>
    public int PairOf(int row, int k) => _pairOf[((long)row * _spec.Used) + k];

    /// <summary>The row of a pair.</summary>
    public int Row(int pair) => _rowOf[pair];

    /// <summary>The first pair of an expert.</summary>
    public int First(int expert) => _first[expert];

    /// <summary>Pairs of an expert.</summary>
    public int Count(int expert) => _first[expert + 1] - _first[expert];

    /// <summary>The index of an expert with pairs.</summary>
    public int ActiveExpert(int index) => _active[1 + index];

    /// <summary>Orders the pairs by expert, those of an expert by row. For one thread.</summary>
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

        // Each expert's start moves up as its pairs are placed, and is then the next one's: moved back below.
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
