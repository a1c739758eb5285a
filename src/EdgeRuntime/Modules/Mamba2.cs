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
/// dt = softplus(dt + bias), the state S of each head becomes exp(dt A) S + dt x B, and y = S C + D x. The result is
/// Wout norm(y * silu(z)), normalized per group.
/// Source: Dao and Gu, arXiv 2405.21060.
/// </summary>
internal sealed unsafe class Mamba2 : Branch
{
    private readonly int _hidden;
    private readonly Mamba2Spec _spec;
    private readonly CausalConvolution _convolution;
    private Projection _input = null!;
    private Projection _output = null!;
    private NativeBuffer _a = null!;
    private NativeBuffer _d = null!;
    private NativeBuffer _timeBias = null!;
    private NativeBuffer? _norm;
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
    }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    public override ActivationForms Reads => Activations.FormsFor(_input);

    public override void Bind(TensorBinder tensors)
    {
        _input = tensors.Projection($"{Prefix}.ssm_in", _spec.InputWidth, _hidden);
        _convolution.Bind(tensors);
        _timeBias = tensors.Vector($"{Prefix}.ssm_dt.bias", _spec.Heads);
        _a = tensors.Floats($"{Prefix}.ssm_a", _spec.Heads, 1);
        _d = tensors.Floats($"{Prefix}.ssm_d", _spec.Heads, 1);
        _norm = _spec.Epsilon is null ? null : tensors.Floats($"{Prefix}.ssm_norm.weight", _spec.Groups, _spec.Inner / _spec.Groups);
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
        if (_norm is not null)
        {
            Normalize(t, y);
            t.Barrier();
        }

        t.MultiplyTo(output, t.Prepare(y, _spec.Inner, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
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
        long offset = (long)head * size * _spec.StateSize;
        float* state = sequence.State.NextRecurrent(_slot) + offset;
        new ReadOnlySpan<float>(sequence.State.Recurrent(_slot) + offset, size * _spec.StateSize)
            .CopyTo(new Span<float>(state, size * _spec.StateSize));
        int group = head / (_spec.Heads / _spec.Groups);
        for (int row = sequence.FirstRow; row < sequence.FirstRow + sequence.Rows; row++)
        {
            float* projected = t.Floats(_projected) + ((long)row * _spec.InputWidth);
            float* x = t.Floats(_convolved) + ((long)row * _spec.ConvolutionWidth);
            float* b = x + _spec.Inner + (group * _spec.StateSize);
            float* c = b + (_spec.Groups * _spec.StateSize);
            float time = projected[_spec.Inner + _spec.ConvolutionWidth + head] + ((float*)_timeBias.Pointer)[head];
            t.Vector.Activate(Activation.Softplus, &time, &time, 1);
            float decay = LaneMath.Exp(time * ((float*)_a.Pointer)[head]);
            float* y = t.Floats(_result) + ((long)row * _spec.Inner) + (head * size);
            for (int i = 0; i < size; i++)
            {
                float input = x[(head * size) + i];
                float seen = t.Vector.Scan(state + ((long)i * _spec.StateSize), decay, input * time, b, c, _spec.StateSize);
                y[i] = seen + (input * ((float*)_d.Pointer)[head]);
            }

            t.Vector.Gate(Activation.Silu, projected + (head * size), y, y, size);
        }
    }

    private void Normalize(PassThread t, float* y)
    {
        int width = _spec.Inner / _spec.Groups;
        int items = t.Rows * _spec.Groups;
        for (int item; (item = t.TakeItem()) < items;)
        {
            float* part = y + ((long)item * width);
            t.Vector.RmsNorm(part, (float*)_norm!.Pointer + (item % _spec.Groups * width), _spec.Epsilon!.Value, part, width);
        }
    }
}
