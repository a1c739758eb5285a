using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of a Mamba layer.</summary>
/// <param name="Inner">The number of channels.</param>
/// <param name="Rank">The length of the vector from which the time steps of the channels are computed.</param>
/// <param name="StateSize">The number of state elements of a channel.</param>
/// <param name="Taps">The number of weights per channel of the convolution.</param>
/// <param name="Epsilon">The epsilon of the norms of dt, B and C.</param>
/// <param name="HasPlainNorms">Whether dt, B and C are normalized where the file has no weights of norms.</param>
internal sealed record MambaSpec(int Inner, int Rank, int StateSize, int Taps, float Epsilon, bool HasPlainNorms)
{
    /// <summary>
    /// Gets the number of heads whose channels share A, D and the time step; 0 if each channel has its own. With heads, the input
    /// projection is [z | x] for each head, the selection is [B | C | dt], and the names of the norms end without <c>.weight</c>.
    /// </summary>
    public int Heads { get; init; }

    /// <summary>Gets the order of biases and scales.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>Gets the number of time steps of a row.</summary>
    public int Times => Heads > 0 ? Heads : Inner;

    /// <summary>Gets the offset of dt in the selection.</summary>
    public int TimeOffset => Heads > 0 ? 2 * StateSize : 0;

    /// <summary>Gets the offset of B, which precedes C, in the selection.</summary>
    public int StateOffset => Heads > 0 ? 0 : Rank;

    /// <summary>Gets the width of dt, B and C together.</summary>
    public int SelectionWidth => Rank + (2 * StateSize);
}

/// <summary>
/// A selective state space with decays for each channel and state. With [x | z] = Win n, x = silu(convolution(x)), [dt | B | C] = Wx x and
/// time = softplus(Wdt dt + bias), the state h of each channel becomes exp(time A) h + time x B, and y = h C + D x. The result is
/// Wout (y * silu(z)).
/// Source: Gu and Dao, arXiv 2312.00752.
/// </summary>
internal sealed unsafe class Mamba : Branch
{
    // The channels that a thread takes at a time: their states and decays fit into the cache.
    private const int PartChannels = 128;

    private readonly int _hidden;
    private readonly MambaSpec _spec;
    private readonly CausalConvolution _convolution;
    private Norm?[] _norms = [];
    private Projection _input = null!;
    private Projection _selection = null!;
    private Projection _time = null!;
    private Projection _output = null!;
    private NativeBuffer _a = null!;
    private NativeBuffer _d = null!;
    private RecurrentSlot _slot;
    private long _projected;
    private long _convolved;
    private long _selected;
    private long _lowRank;
    private long _times;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public Mamba(string prefix, int hidden, MambaSpec spec)
        : base(prefix, "state space")
    {
        _hidden = hidden;
        _spec = spec;
        _convolution = new CausalConvolution($"{prefix}.ssm_conv1d", spec.Taps, spec.Inner);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public MambaParts Parts => new(_spec, _input, _convolution, _selection, _norms, _time, _a, _d, _output);

    public override ActivationForms Reads => Activations.FormsFor(_input);

    public override void Bind(TensorBinder tensors)
    {
        MambaSpec spec = _spec;
        _input = tensors.Projection($"{Prefix}.ssm_in", 2 * spec.Inner, _hidden, order: spec.BiasOrder);
        _convolution.Bind(tensors);
        _selection = tensors.Projection($"{Prefix}.ssm_x", spec.SelectionWidth, spec.Inner);
        _norms = [BindNorm(tensors, "dt", spec.Rank), BindNorm(tensors, "b", spec.StateSize), BindNorm(tensors, "c", spec.StateSize)];
        _time = tensors.Projection($"{Prefix}.ssm_dt", spec.Times, spec.Rank);
        float[] a = spec.Heads > 0
            ? Spread(tensors.Source.Floats($"{Prefix}.ssm_a", 1, spec.Heads), spec.Inner * spec.StateSize)
            : tensors.Source.Floats($"{Prefix}.ssm_a", spec.Inner, spec.StateSize);
        _a = tensors.Keep(TensorBinder.Transpose(a, spec.Inner, spec.StateSize));
        _d = tensors.Keep(Spread(tensors.Source.Floats($"{Prefix}.ssm_d", 1, spec.Times), spec.Inner));
        _output = tensors.Projection($"{Prefix}.ssm_out", _hidden, spec.Inner, order: spec.BiasOrder);
    }

    public override void Declare(StatePlan state)
    {
        _convolution.Declare(state);
        _slot = state.AddRecurrent(checked(_spec.Inner * _spec.StateSize));
    }

    public override void Plan(ScratchPlan scratch)
    {
        _projected = scratch.Floats(2 * _spec.Inner);
        _convolved = scratch.Floats(_spec.Inner);
        _selected = scratch.Floats(_spec.SelectionWidth);
        _lowRank = scratch.Floats(_spec.Rank);
        _times = scratch.Floats(_spec.Times);
        _result = scratch.Floats(_spec.Inner);
        scratch.UseActivations(Math.Max(_spec.Inner, _spec.Rank), scratch.Rows);
        scratch.UseThread(2L * Math.Max(PartChannels, _spec.Inner) * sizeof(float));
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* projected = t.Floats(_projected);
        float* convolved = t.Floats(_convolved);
        float* selected = t.Floats(_selected);
        float* lowRank = t.Floats(_lowRank);
        float* result = t.Floats(_result);
        t.Multiply(input, t.Rows, new Product(_input, projected, 2 * _spec.Inner));
        t.Barrier();
        if (_spec.Heads > 0)
        {
            MoveHeadsApart(t, projected);
            t.Barrier();
        }

        _convolution.RunSilu(t, projected, 2 * _spec.Inner, convolved);
        t.Barrier();
        Activations x = t.Prepare(convolved, _spec.Inner, t.Rows, norm: null, Activations.FormsFor(_selection));
        t.Multiply(x, t.Rows, new Product(_selection, selected, _spec.SelectionWidth));
        t.Barrier();
        Normalize(t, selected, lowRank);
        t.Barrier();
        Activations dt = t.Prepare(lowRank, _spec.Rank, t.Rows, norm: null, Activations.FormsFor(_time));
        t.Multiply(dt, t.Rows, new Product(_time, t.Floats(_times), _spec.Times));
        t.Barrier();
        Scan(t, selected, result);
        t.Barrier();
        t.MultiplyTo(output, t.Prepare(result, _spec.Inner, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    private Norm? BindNorm(TensorBinder tensors, string part, int width)
    {
        string name = $"{Prefix}.ssm_{part}_norm";
        string suffix = _spec.Heads > 0 ? "" : ".weight";
        bool hasWeights = tensors.Source.Has(name + suffix);
        if (!hasWeights && !_spec.HasPlainNorms)
        {
            return null;
        }

        var norm = new Norm(hasWeights ? name : null, NormKind.Rms, _spec.Epsilon, width) { Suffix = suffix };
        norm.Bind(tensors);
        return norm;
    }

    /// <summary>Repeats each value for the elements that share it.</summary>
    private static float[] Spread(float[] values, int count)
    {
        float[] spread = new float[count];
        for (int i = 0; i < count; i++)
        {
            spread[i] = values[i / (count / values.Length)];
        }

        return spread;
    }

    /// <summary>Reorders the parts of rows from [z | x] for each head to [x | z].</summary>
    private void MoveHeadsApart(PassThread t, float* projected)
    {
        int size = _spec.Inner / _spec.Heads;
        float* copy = (float*)t.Scratch;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = projected + (2L * row * _spec.Inner);
            new ReadOnlySpan<float>(x, 2 * _spec.Inner).CopyTo(new Span<float>(copy, 2 * _spec.Inner));
            for (int head = 0; head < _spec.Heads; head++)
            {
                float* z = copy + (2L * head * size);
                new ReadOnlySpan<float>(z + size, size).CopyTo(new Span<float>(x + (head * size), size));
                new ReadOnlySpan<float>(z, size).CopyTo(new Span<float>(x + _spec.Inner + (head * size), size));
            }
        }
    }

    /// <summary>Normalizes dt, B and C of each row, and moves dt to rows of its own.</summary>
    private void Normalize(PassThread t, float* selected, float* lowRank)
    {
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* dt = selected + ((long)row * _spec.SelectionWidth) + _spec.TimeOffset;
            float* b = selected + ((long)row * _spec.SelectionWidth) + _spec.StateOffset;
            float* c = b + _spec.StateSize;
            _norms[0]?.Apply(t.Vector, dt, dt);
            _norms[1]?.Apply(t.Vector, b, b);
            _norms[2]?.Apply(t.Vector, c, c);
            new ReadOnlySpan<float>(dt, _spec.Rank).CopyTo(new Span<float>(lowRank + ((long)row * _spec.Rank), _spec.Rank));
        }
    }

    /// <summary>Runs the recurrence of some channels of each sequence, row by row.</summary>
    private void Scan(PassThread t, float* selected, float* result)
    {
        int parts = (_spec.Inner + PartChannels - 1) / PartChannels;
        int items = t.Sequences.Length * parts;
        for (int item; (item = t.TakeItem()) < items;)
        {
            int first = item % parts * PartChannels;
            ScanPart(t, t.Sequences[item / parts], first, Math.Min(PartChannels, _spec.Inner - first), selected, result);
        }
    }

    private void ScanPart(PassThread t, in SequenceRows sequence, int first, int count, float* selected, float* result)
    {
        float* from = sequence.State.Recurrent(_slot) + first;
        float* to = sequence.State.NextRecurrent(_slot) + first;
        float* inputs = (float*)t.Scratch;
        float* time = inputs + PartChannels;
        float* d = (float*)_d.Pointer + first;
        for (int row = sequence.FirstRow; row < sequence.FirstRow + sequence.Rows; row++)
        {
            long start = ((long)row * _spec.Inner) + first;
            float* x = t.Floats(_convolved) + start;
            float* b = selected + ((long)row * _spec.SelectionWidth) + _spec.StateOffset;
            float* y = result + start;
            FillTimes(t.Vector, t.Floats(_times) + ((long)row * _spec.Times), first, count, time);
            t.Vector.Multiply(time, x, inputs, count);
            t.Vector.ScanChannels(
                from, to, (float*)_a.Pointer + first, _spec.Inner, time, inputs, b, b + _spec.StateSize, _spec.StateSize, y, count);
            t.Vector.AddProduct(x, d, y, count);
            t.Vector.Gate(Activation.Silu, t.Floats(_projected) + (((2L * row) + 1) * _spec.Inner) + first, y, y, count);
            from = to;
        }
    }

    /// <summary>Computes the time steps of some channels.</summary>
    private void FillTimes(ElementwiseKernels vector, float* times, int first, int count, float* result)
    {
        for (int i = 0, shared = _spec.Inner / _spec.Times; i < count; i++)
        {
            result[i] = times[(first + i) / shared];
        }

        vector.Activate(Activation.Softplus, result, result, count);
    }
}
