using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of a Mamba 2 layer.</summary>
/// <param name="Inner">The inner width of all heads together.</param>
/// <param name="Heads">The number of heads; each has one decay.</param>
/// <param name="Groups">The number of groups of heads that share B and C.</param>
/// <param name="StateSize">The number of state elements per element of a head.</param>
/// <param name="Taps">The number of weights per channel of the convolution.</param>
/// <param name="Epsilon">The epsilon of the norm; null if the layer has no norm.</param>
internal sealed record Mamba2Spec(int Inner, int Heads, int Groups, int StateSize, int Taps, float? Epsilon)
{
    /// <summary>Gets the number of elements of a head.</summary>
    public int HeadSize => Inner / Heads;

    /// <summary>Gets the width of x, B and C together, which are the input of the convolution.</summary>
    public int ConvolutionWidth => Inner + (2 * Groups * StateSize);

    /// <summary>Gets the width of the input projection: z, then x, B and C, then dt.</summary>
    public int InputWidth => Inner + ConvolutionWidth + Heads;
}

/// <summary>
/// A selective state space with one decay per head (Mamba 2). With [z | x, B, C | dt] = Win n, [x, B, C] = silu(convolution([x, B, C])) and
/// dt = softplus(dt + bias), the state S of each head, [state, element], becomes exp(dt A) S + B (dt x)^T, and y = S^T C + D x. The result
/// is Wout norm(y * silu(z)), normalized per group.
/// Source: Dao and Gu, arXiv 2405.21060.
/// </summary>
internal sealed unsafe class Mamba2 : Branch
{
    private readonly int _hidden;
    private readonly Mamba2Spec _spec;
    private readonly CausalConvolution _convolution;
    private readonly Norm? _norm;
    private Projection _input = null!;
    private Projection _output = null!;
    private NativeBuffer _a = null!;
    private NativeBuffer _d = null!;
    private NativeBuffer _timeBias = null!;
    private RecurrentSlot _slot;
    private long _projected;
    private long _convolved;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public Mamba2(string prefix, int hidden, Mamba2Spec spec)
        : base(prefix, "state space")
    {
        _hidden = hidden;
        _spec = spec;
        _convolution = new CausalConvolution($"{prefix}.ssm_conv1d", spec.Taps, spec.ConvolutionWidth);
        _norm = spec.Epsilon is { } epsilon
            ? new Norm($"{prefix}.ssm_norm", NormKind.Rms, epsilon, spec.Inner / spec.Groups) { WeightRows = spec.Groups }
            : null;
    }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Gets the parts of the bound module.</summary>
    public Mamba2Parts Parts => new(_spec, _input, _convolution, _a, _d, _timeBias, _norm, _output);

    public override ActivationForms Reads => Activations.FormsFor(_input);

    public override void Bind(TensorBinder tensors)
    {
        _input = tensors.Projection($"{Prefix}.ssm_in", _spec.InputWidth, _hidden);
        _convolution.Bind(tensors);
        _timeBias = tensors.Vector($"{Prefix}.ssm_dt.bias", _spec.Heads);
        _a = tensors.Floats($"{Prefix}.ssm_a", _spec.Heads, 1);
        _d = tensors.Floats($"{Prefix}.ssm_d", _spec.Heads, 1);
        _norm?.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.ssm_out", _hidden, _spec.Inner, ResidualScale);
    }

    public override void Declare(StatePlan state)
    {
        _convolution.Declare(state);
        _slot = state.AddRecurrent(checked(_spec.Inner * _spec.StateSize));
    }

    public override void Plan(ScratchPlan scratch)
    {
        _projected = scratch.Floats(_spec.InputWidth);
        _convolved = scratch.Floats(_spec.ConvolutionWidth);
        _result = scratch.Floats(_spec.Inner);
        scratch.UseActivations(_spec.Inner, scratch.Rows);
        scratch.UseThread(MatrixSteps.Most * (_spec.StateSize + 1L) * sizeof(float));
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* projected = t.Floats(_projected);
        t.Multiply(input, t.Rows, new Product(_input, projected, _spec.InputWidth));
        t.Barrier();
        _convolution.RunSilu(t, projected + _spec.Inner, _spec.InputWidth, t.Floats(_convolved));
        t.Barrier();
        Scan(t);
        t.Barrier();
        float* y = t.Floats(_result);
        t.MultiplyTo(output, t.Prepare(y, _spec.Inner, t.Rows, _norm, Activations.FormsFor(_output), normed: y), _output);
    }

    /// <summary>Runs the recurrence of each head of each sequence, row by row.</summary>
    private void Scan(PassThread t)
    {
        int items = t.Sequences.Length * _spec.Heads;
        for (int item; (item = t.TakeItem()) < items;)
        {
            ScanHead(t, t.Sequences[item / _spec.Heads], item % _spec.Heads);
        }
    }

    private void ScanHead(PassThread t, in SequenceRows sequence, int head)
    {
        int size = _spec.HeadSize;
        int states = _spec.StateSize;
        int width = _spec.ConvolutionWidth;
        long offset = (long)head * size * states;
        float* from = sequence.State.Recurrent(_slot) + offset;
        float* to = sequence.State.NextRecurrent(_slot) + offset;
        float* decays = (float*)t.Scratch;
        float* times = decays + (MatrixSteps.Most * states);
        int group = head / (_spec.Heads / _spec.Groups);
        int last = sequence.FirstRow + sequence.Rows;
        for (int row = sequence.FirstRow, steps; row < last; row += steps)
        {
            steps = Math.Min(MatrixSteps.Most, last - row);
            FillTimes(t, row, head, steps, times, decays);
            float* x = t.Floats(_convolved) + ((long)row * width);
            float* b = x + _spec.Inner + (group * states);
            float* values = x + (head * size);
            float* y = t.Floats(_result) + ((long)row * _spec.Inner) + (head * size);
            t.Vector.StepMatrix(from, to, states, size, new MatrixSteps
            {
                Count = steps,
                Decays = new StepVectors(decays, states),
                Keys = new StepVectors(b, width),
                Queries = new StepVectors(b + (_spec.Groups * states), width),
                Rates = times,
                Values = new StepVectors(values, width),
                Results = new StepVectors(y, _spec.Inner),
            });
            from = to;
            float* gates = t.Floats(_projected) + ((long)row * _spec.InputWidth) + (head * size);
            for (int step = 0; step < steps; step++, y += _spec.Inner)
            {
                t.Vector.AddScaled(values + ((long)step * width), ((float*)_d.Pointer)[head], y, size);
                t.Vector.Gate(Activation.Silu, gates + ((long)step * _spec.InputWidth), y, y, size);
            }
        }
    }

    /// <summary>Computes the time steps of some rows, and the decays of their states.</summary>
    private void FillTimes(PassThread t, int row, int head, int steps, float* times, float* decays)
    {
        float* source = t.Floats(_projected) + ((long)row * _spec.InputWidth) + _spec.Inner + _spec.ConvolutionWidth + head;
        for (int step = 0; step < steps; step++)
        {
            times[step] = source[(long)step * _spec.InputWidth] + ((float*)_timeBias.Pointer)[head];
        }

        t.Vector.Activate(Activation.Softplus, times, times, steps);
        for (int step = 0; step < steps; step++)
        {
            float decay = LaneMath.Exp(times[step] * ((float*)_a.Pointer)[head]);
            new Span<float>(decays + (step * _spec.StateSize), _spec.StateSize).Fill(decay);
        }
    }
}
