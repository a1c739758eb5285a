using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// A mixture of experts: each token uses a few of many feed-forwards, and an optional shared one. The pairs of token and expert are sorted
/// by expert, so that the weights of an expert are read once for all its tokens.
/// </summary>
internal sealed unsafe class Experts : Branch
{
    private readonly int _hidden;
    private readonly ExpertSpec _spec;
    private readonly Activation _activation;
    private readonly FeedForward? _shared;
    private Projection _router = null!;
    private Projection? _sharedGate;
    private NativeBuffer? _bias;
    private Projection[] _gate = [];
    private Projection[] _up = [];
    private Projection[] _down = [];
    private ExpertBuffers _buffers;
    private long _scores;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    /// <param name="activation">The activation function of the gates.</param>
    public Experts(string prefix, int hidden, ExpertSpec spec, Activation activation)
        : base(prefix, "experts")
    {
        _hidden = hidden;
        _spec = spec;
        _activation = activation;
        _shared = spec.CreateShared(prefix, hidden, activation);
    }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>
    /// Gets whether another stage gives the router's input, by <see cref="PlanScores"/> and <see cref="Score"/>, before this one runs.
    /// </summary>
    public bool HasEarlyScores { get; init; }

    /// <summary>Gets the parts of the bound module.</summary>
    public ExpertsParts Parts => new(_spec, _activation, _router, _bias, _gate, _up, _down, _shared, _sharedGate);

    /// <summary>Gets the forms in which the router reads its input.</summary>
    public ActivationForms RouterReads => Activations.FormsFor(_router);

    public override ActivationForms Reads =>
        ActivationForms.Rows | Activations.FormsFor(_router, _spec.HasGate ? _gate[0] : null, _up[0], _sharedGate)
        | (_shared?.Reads ?? ActivationForms.None);

    public override void Bind(TensorBinder tensors)
    {
        _router = tensors.Projection(
            $"{Prefix}.ffn_gate_inp", _spec.ScoreCount, _spec.RouterWidth ?? _hidden, _spec.RouterScale, _spec.RouterBiasOrder);

        // Files of one family lack the last part of the name.
        _bias = tensors.OptionalVector($"{Prefix}.exp_probs_b.bias", _spec.ScoreCount)
            ?? tensors.OptionalVector($"{Prefix}.exp_probs_b", _spec.ScoreCount);
        string fused = $"{Prefix}.ffn_gate_up{_spec.Suffix}";
        bool isFused = tensors.Has(fused);
        _gate = !_spec.HasGate ? []
            : isFused ? tensors.StackPart(fused, _spec.Count, _spec.Width, _hidden, part: 0, parts: 2, _spec.BiasOrder)
            : tensors.Stack($"{Prefix}.ffn_gate{_spec.Suffix}", _spec.Count, _spec.Width, _hidden, _spec.BiasOrder);
        _up = isFused
            ? tensors.StackPart(fused, _spec.Count, _spec.Width, _hidden, part: 1, parts: 2, _spec.BiasOrder)
            : tensors.Stack($"{Prefix}.ffn_up{_spec.Suffix}", _spec.Count, _spec.Width, _hidden, _spec.BiasOrder);
        _down = tensors.Stack($"{Prefix}.ffn_down{_spec.Suffix}", _spec.Count, _hidden, _spec.Width, _spec.BiasOrder);
        _shared?.Bind(tensors);
        _sharedGate = _shared is null ? null : tensors.OptionalProjection($"{Prefix}.ffn_gate_inp_shexp", 1, _hidden);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        if (!HasEarlyScores)
        {
            PlanScores(scratch);
        }

        _buffers = new ExpertBuffers(scratch, _spec, _hidden, HasGateTiles);
        scratch.UseThread(Math.Max(_spec.ScoreCount, scratch.TileTokens * (long)Math.Max(_hidden, _spec.Width)) * sizeof(float));
        _shared?.Plan(scratch);
    }

    /// <summary>Places the buffer of the scores.</summary>
    public void PlanScores(ScratchPlan scratch) => _scores = scratch.Floats(_spec.ScoreCount);

    /// <summary>Computes the scores of the experts. The caller ends the phase.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="input">[rows, hidden] in the form of <see cref="RouterReads"/>.</param>
    public void Score(PassThread t, in Activations input)
    {
        var scores = new Product(_router, t.Floats(_scores), _spec.ScoreCount);
        if (_sharedGate is null)
        {
            t.Multiply(input, t.Rows, scores);
        }
        else
        {
            t.Multiply(input, t.Rows, scores, new Product(_sharedGate, t.Floats(_buffers.SharedGates), 1));
        }
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        if (!HasEarlyScores)
        {
            Score(t, input);
            t.Barrier();
        }

        Route(t);
        var groups = new ExpertGroups(t, _buffers, _spec);
        byte* x = GatherInput(t, groups, input, _up[0], _buffers.InputTiles);
        byte* gateX = HasGateTiles ? GatherInput(t, groups, input, _gate[0], _buffers.GateTiles) : x;
        t.Pass.Inputs?.AddExperts(t, groups, _up, input.Rows, Gathering);
        t.Pass.Inputs?.AddExperts(t, groups, _gate, input.Rows, Gathering);
        MultiplyActivated(t, groups, x, gateX);
        byte* h = FillTiles(t, groups, t.Floats(_buffers.Inner), _spec.Width, _down[0], _buffers.InnerTiles, gather: false);
        t.Pass.Inputs?.AddExperts(t, groups, _down, t.Floats(_buffers.Inner), RowGathering.None);
        MultiplyDown(t, groups, h);
        Combine(t, groups, input, output);
    }

    /// <summary>Chooses the experts of each row, then sorts the pairs of row and expert by expert.</summary>
    private void Route(PassThread t)
    {
        float* bias = _bias is null ? null : (float*)_bias.Pointer;
        var groups = new ExpertGroups(t, _buffers, _spec);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* scores = t.Floats(_scores) + ((long)row * _spec.ScoreCount);
            ExpertRouter.Choose(_spec, scores, bias, (float*)t.Scratch, groups.ExpertsOf(row), groups.WeightsOf(row));
        }

        t.Barrier();
        if (t.Index == 0)
        {
            groups.Order();
        }

        t.Barrier();
    }

    /// <summary>Gets the input of each pair in the order of the pairs. One row is the same input for all experts, unless
    /// an expert has it twice or weights change it.</summary>
    private byte* GatherInput(PassThread t, in ExpertGroups groups, in Activations input, Projection reader, long tiles) =>
        ReadsOneRow(t) ? input.For(reader) : FillTiles(t, groups, input.Rows, _hidden, reader, tiles, gather: true);

    /// <summary>
    /// Converts the rows of pairs to the form that a projection reads, with separate tiles per expert. Ends at a barrier.
    /// </summary>
    private byte* FillTiles(
        PassThread t, in ExpertGroups groups, float* source, int columns, Projection reader, long buffer, bool gather)
    {
        byte* tiles = (byte*)t.Floats(buffer);
        float* rows = (float*)t.Scratch;
        int item = t.TakeItem();
        int start = 0;
        for (int expert = 0; expert < _spec.Count; expert++)
        {
            int first = groups.First(expert);
            int count = groups.Count(expert);
            int tileCount = (count + t.TileTokens - 1) / t.TileTokens;
            for (; item < start + tileCount; item = t.TakeItem())
            {
                int pair = first + ((item - start) * t.TileTokens);
                int tokens = Math.Min(t.TileTokens, first + count - pair);
                float* x = source + ((long)pair * columns);
                for (int i = 0; gather && i < tokens; i++)
                {
                    new ReadOnlySpan<float>(source + ((long)groups.Row(pair + i) * columns), columns)
                        .CopyTo(new Span<float>(rows + ((long)i * columns), columns));
                    if (_spec.WeighsInput)
                    {
                        t.Vector.Scale(rows + ((long)i * columns), groups.WeightOf(pair + i), columns);
                    }

                    x = rows;
                }

                byte* tile = tiles + ActivationLayout.ByteSize(reader.Reads, columns, pair);
                ActivationQuantizer.Fill(reader.Reads, x, columns, tokens, columns, 0, 1, tile, t.Isa);
            }

            start += tileCount;
        }

        t.Barrier();
        return tiles;
    }

    /// <summary>Computes h = act(Gate x) * Up x of every pair, or h = act(Up x) without gates. Ends at a barrier.</summary>
    private void MultiplyActivated(PassThread t, in ExpertGroups groups, byte* x, byte* gateX)
    {
        float* h = t.Floats(_buffers.Inner);
        float* up = _spec.HasGate ? t.Floats(_buffers.Up) : h;
        int panels = _up[0].Panels;
        while (t.TakeShare(groups.Active * panels, out int first, out int last))
        {
            for (; first < last; first = NextExpert(first, panels))
            {
                int expert = groups.ActiveExpert(first / panels);
                int panel = first % panels;
                int end = Math.Min(last - (first - panel), panels);
                int pair = groups.First(expert);
                int count = groups.Count(expert);
                long start = (long)pair * _spec.Width;
                if (_spec.HasGate)
                {
                    _gate[expert].Multiply(InputOf(t, _gate[expert], gateX, pair), count, panel, end, h + start, _spec.Width, t.Scratch);
                }

                _up[expert].Multiply(InputOf(t, _up[expert], x, pair), count, panel, end, up + start, _spec.Width, t.Scratch);
                int firstRow = panel * PackedMatrix.PanelRows;
                int width = Math.Min(end * PackedMatrix.PanelRows, _spec.Width) - firstRow;
                for (int i = 0; i < count; i++)
                {
                    long offset = ((long)(pair + i) * _spec.Width) + firstRow;
                    Activate(t, h + offset, up + offset, width);
                }
            }
        }

        t.Barrier();
    }

    private void Activate(PassThread t, float* h, float* up, int count)
    {
        if (_spec.HasGate)
        {
            _spec.Limit.Apply(t.Vector, _activation, h, up, count);
        }
        else
        {
            t.Vector.Activate(_activation, up, h, count);
        }
    }

    /// <summary>Computes y = Down h of every pair. Ends at a barrier.</summary>
    private void MultiplyDown(PassThread t, in ExpertGroups groups, byte* h)
    {
        float* y = t.Floats(_buffers.Results);
        int panels = _down[0].Panels;
        while (t.TakeShare(groups.Active * panels, out int first, out int last))
        {
            for (; first < last; first = NextExpert(first, panels))
            {
                int expert = groups.ActiveExpert(first / panels);
                int panel = first % panels;
                int end = Math.Min(last - (first - panel), panels);
                int pair = groups.First(expert);
                byte* rows = h + ActivationLayout.ByteSize(_down[expert].Reads, _spec.Width, pair);
                _down[expert].Multiply(rows, groups.Count(expert), panel, end, y + ((long)pair * _hidden), _hidden, t.Scratch);
            }
        }

        t.Barrier();
    }

    /// <summary>
    /// Adds the weighted results of each row's pairs, best expert first, and of the shared expert to the output. Ends at a barrier.
    /// </summary>
    private void Combine(PassThread t, in ExpertGroups groups, in Activations input, BranchOutput output)
    {
        float* target = output.Buffer is null ? t.X : output.Buffer;
        bool adds = output.Buffer is null;
        float* shared = t.Floats(_buffers.Shared);
        if (_shared is not null)
        {
            _shared.Run(t, input, new BranchOutput(shared));
        }

        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* y = target + ((long)row * _hidden);
            if (!adds)
            {
                new Span<float>(y, _hidden).Clear();
            }

            for (int k = 0; k < _spec.Used; k++)
            {
                float* result = t.Floats(_buffers.Results) + ((long)groups.PairOf(row, k) * _hidden);
                float weight = _spec.WeighsInput ? 1 : groups.WeightsOf(row)[k];
                t.Vector.AddScaled(result, weight * ResidualScale, y, _hidden);
            }

            if (_shared is not null)
            {
                t.Vector.AddScaled(shared + ((long)row * _hidden), ResidualScale * SharedWeight(t, row), y, _hidden);
            }
        }

        t.Barrier();
    }

    private RowGathering Gathering => _spec.WeighsInput ? RowGathering.Weighted : RowGathering.Rows;

    /// <summary>Gets whether Gate reads its input in another form than Up, because their types differ.</summary>
    private bool HasGateTiles => _spec.HasGate && _gate[0].Reads != _up[0].Reads;

    /// <summary>Gets the input of an expert whose first pair is given.</summary>
    private byte* InputOf(PassThread t, Projection reader, byte* x, int pair) =>
        ReadsOneRow(t) ? x : x + ActivationLayout.ByteSize(reader.Reads, _hidden, pair);

    private bool ReadsOneRow(PassThread t) => t.Rows == 1 && !_spec.WeighsInput && _spec.ScoresOfExpert == 1;

    private float SharedWeight(PassThread t, int row) =>
        _sharedGate is null ? 1 : 1 / (1 + LaneMath.Exp(-t.Floats(_buffers.SharedGates)[row]));

    /// <summary>Gets the first panel of the next expert in the list of all experts' panels.</summary>
    private static int NextExpert(int panel, int panels) => ((panel / panels) + 1) * panels;
}
