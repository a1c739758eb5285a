using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of a layer with the delta rule.</summary>
internal sealed record DeltaRuleSpec
{
    /// <summary>Gets the number of heads of values; each has a state.</summary>
    public required int Heads { get; init; }

    /// <summary>Gets the number of heads of queries and keys, a divisor of <see cref="Heads"/>.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Gets the length of a head's query, key and value.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Gets the number of weights per channel of the convolution.</summary>
    public required int Taps { get; init; }

    /// <summary>Gets the epsilon of all norms of the layer.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Gets whether value head i reads key head i mod KeyHeads, instead of adjacent value heads sharing one.</summary>
    public bool IsTiled { get; init; }

    /// <summary>
    /// Gets whether rates and decays are in one matrix <c>ssm_ba</c>: for each key head the rates of its heads, then their decays.
    /// </summary>
    public bool HasPairedRates { get; init; }

    /// <summary>Gets whether each channel of a key has a decay, instead of each head.</summary>
    public bool HasChannelDecays { get; init; }

    /// <summary>
    /// Gets the least logarithm of a decay, which a sigmoid multiplies; null for decays that follow from a softplus and have no bound.
    /// </summary>
    public float? LogDecayBound { get; init; }

    /// <summary>Gets whether the file has the negatives of the factors of decays with a bound.</summary>
    public bool HasNegativeFactors { get; init; }

    /// <summary>Gets the function of the gates of the result.</summary>
    public Activation GateActivation { get; init; } = Activation.Silu;

    /// <summary>Gets the order of biases and scales.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>Gets the width of all queries, or of all keys.</summary>
    public int KeyWidth => KeyHeads * HeadSize;

    /// <summary>Gets the width of all values.</summary>
    public int ValueWidth => Heads * HeadSize;

    /// <summary>Gets the width of queries, keys and values, which are the input of the convolution.</summary>
    public int MixedWidth => (2 * KeyWidth) + ValueWidth;

    /// <summary>Gets the width of the decays.</summary>
    public int DecayWidth => HasChannelDecays ? ValueWidth : Heads;
}

/// <summary>The inputs and the result of <see cref="DeltaRule.Run"/>: the first row of each.</summary>
internal unsafe struct DeltaRows
{
    /// <summary>[rows, MixedWidth]: queries, keys and values after the convolution.</summary>
    public float* Mixed;

    /// <summary>[rows, DecayStride]: the decays before their function.</summary>
    public float* Decays;

    public int DecayStride;

    /// <summary>[rows, RateStride]: the rates before their sigmoid.</summary>
    public float* Rates;

    public int RateStride;

    /// <summary>[rows, ValueWidth]: the gates before their function.</summary>
    public float* Gates;

    /// <summary>[rows, ValueWidth]: receives the result.</summary>
    public float* Result;
}

/// <summary>
/// The gated delta rule: for unit vectors k and q, S = decay S; S = S + rate k (v - S^T k)^T; y = norm(S^T q / sqrt(length)) * gate. The
/// state of a head is S, [key, value] in panels (<see cref="MatrixSteps.PanelColumns"/>). A part of mixers.
/// Source: Yang et al., arXiv 2412.06464.
/// </summary>
internal sealed unsafe class DeltaRule : Module
{
    private readonly string _prefix;
    private readonly DeltaRuleSpec _spec;
    private readonly Norm _norm;
    private NativeBuffer _a = null!;
    private NativeBuffer _timeBias = null!;
    private RecurrentSlot _slot;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="spec">The parameters.</param>
    public DeltaRule(string prefix, DeltaRuleSpec spec)
    {
        _prefix = prefix;
        _spec = spec;
        _norm = new Norm($"{prefix}.ssm_norm", NormKind.Rms, spec.Epsilon, spec.HeadSize);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public DeltaRuleParts Parts => new(_spec, _a, _timeBias, _norm);

    public override void Bind(TensorBinder tensors)
    {
        _a = _spec.HasChannelDecays ? tensors.Floats($"{_prefix}.ssm_a", _spec.Heads, 1) : tensors.Vector($"{_prefix}.ssm_a", _spec.Heads);
        _timeBias = tensors.Vector($"{_prefix}.ssm_dt.bias", _spec.DecayWidth);
        _norm.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _slot = state.AddRecurrent(checked(_spec.ValueWidth * _spec.HeadSize));

    public override void Plan(ScratchPlan scratch) => scratch.UseThread(MatrixSteps.Most * ((4L * _spec.HeadSize) + 1) * sizeof(float));

    /// <summary>Runs the recurrence of each head of each sequence. The caller ends the phase.</summary>
    public void Run(PassThread t, in DeltaRows rows)
    {
        int items = t.Sequences.Length * _spec.Heads;
        for (int item; (item = t.TakeItem()) < items;)
        {
            RunHead(t, t.Sequences[item / _spec.Heads], item % _spec.Heads, rows);
        }
    }

    private void RunHead(PassThread t, in SequenceRows sequence, int head, in DeltaRows rows)
    {
        int size = _spec.HeadSize;
        long offset = (long)head * size * size;
        float* from = sequence.State.Recurrent(_slot) + offset;
        float* to = sequence.State.NextRecurrent(_slot) + offset;
        float* factors = (float*)t.Scratch;
        float* rates = factors + (MatrixSteps.Most * 4 * size);
        int last = sequence.FirstRow + sequence.Rows;
        for (int row = sequence.FirstRow, steps; row < last; row += steps)
        {
            steps = Math.Min(MatrixSteps.Most, last - row);
            for (int step = 0; step < steps; step++)
            {
                rates[step] = Prepare(t.Vector, row + step, head, rows, factors + (4L * step * size));
            }

            float* values = rows.Mixed + ((long)row * _spec.MixedWidth) + (2 * _spec.KeyWidth) + (head * size);
            float* y = rows.Result + ((long)row * _spec.ValueWidth) + (head * size);
            t.Vector.StepMatrix(from, to, size, size, new MatrixSteps
            {
                Count = steps,
                Decays = new StepVectors(factors, 4 * size),
                Reads = new StepVectors(factors + size, 4 * size),
                Keys = new StepVectors(factors + (2 * size), 4 * size),
                Queries = new StepVectors(factors + (3 * size), 4 * size),
                Rates = rates,
                Values = new StepVectors(values, _spec.MixedWidth),
                Results = new StepVectors(y, _spec.ValueWidth),
            });
            from = to;
            for (int step = 0; step < steps; step++, y += _spec.ValueWidth)
            {
                _norm.Apply(t.Vector, y, y);
                t.Vector.Gate(_spec.GateActivation, rows.Gates + (y - rows.Result), y, y, size);
            }
        }
    }

    /// <summary>Fills the factors of a step, [decays, reads, keys, queries], and returns its rate.</summary>
    private float Prepare(ElementwiseKernels vector, int row, int head, in DeltaRows rows, float* decays)
    {
        int size = _spec.HeadSize;
        float* reads = decays + size;
        float* keys = reads + size;
        float* queries = keys + size;
        int shared = _spec.Heads / _spec.KeyHeads;
        int keyHead = _spec.IsTiled ? head % _spec.KeyHeads : head / shared;
        float* query = rows.Mixed + ((long)row * _spec.MixedWidth) + (keyHead * size);
        vector.RmsNorm(query, null, _spec.Epsilon / size, queries, size);
        vector.Scale(queries, 1f / size, size);
        vector.RmsNorm(query + _spec.KeyWidth, null, _spec.Epsilon / size, keys, size);
        vector.Scale(keys, 1 / MathF.Sqrt(size), size);

        int index = _spec.HasPairedRates ? (head / shared * 2 * shared) + (head % shared) : head;
        FillDecays(vector, head, rows.Decays + ((long)row * rows.DecayStride) + (_spec.HasChannelDecays ? head * size : index), decays);
        vector.Multiply(keys, decays, reads, size);
        float rate = rows.Rates[((long)row * rows.RateStride) + index];
        vector.Activate(Activation.Sigmoid, &rate, &rate, 1);
        return rate;
    }

    private void FillDecays(ElementwiseKernels vector, int head, float* x, float* decays)
    {
        int count = _spec.HasChannelDecays ? _spec.HeadSize : 1;
        float a = ((float*)_a.Pointer)[head];
        new ReadOnlySpan<float>(x, count).CopyTo(new Span<float>(decays, count));
        vector.Add((float*)_timeBias.Pointer + (head * count), decays, count);
        if (_spec.LogDecayBound is { } bound)
        {
            vector.Scale(decays, _spec.HasNegativeFactors ? -a : a, count);
            vector.Activate(Activation.Sigmoid, decays, decays, count);
            vector.Scale(decays, bound, count);
        }
        else
        {
            vector.Activate(Activation.Softplus, decays, decays, count);
            vector.Scale(decays, a, count);
        }

        vector.Activate(Activation.Exp, decays, decays, count);
        if (count == 1)
        {
            new Span<float>(decays, _spec.HeadSize).Fill(*decays);
        }
    }
}
