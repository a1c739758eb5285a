using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of a lightning attention layer.</summary>
/// <param name="Heads">The number of heads.</param>
/// <param name="HeadSize">The length of a head's query, key and value.</param>
/// <param name="Epsilon">The epsilon of the norm.</param>
/// <param name="SlopeScale">The layer's factor of the slopes of all heads.</param>
internal sealed record LightningAttentionSpec(int Heads, int HeadSize, float Epsilon, float SlopeScale)
{
    /// <summary>Gets the width of the values of all heads.</summary>
    public int Width => Heads * HeadSize;

    /// <summary>Gets by what a head's state is multiplied in each step: its slope is that of ALiBi.</summary>
    public float Decay(int head) => MathF.Exp(-SlopeScale * MathF.Pow(MathF.Pow(2, -MathF.Pow(2, 3 - MathF.Log2(Heads))), head + 1));
}

/// <summary>
/// Linear attention with a fixed decay for each head: with [q, k, v] = silu(Wqkv n), S = decay S + k v^T and y = S^T q. The result is
/// Wout (norm(y) * sigmoid(Wgate n)), normalized over all heads.
/// Source: MiniMax-01, arXiv 2501.08313.
/// </summary>
internal sealed unsafe class LightningAttention : Branch
{
    private readonly int _hidden;
    private readonly LightningAttentionSpec _spec;
    private readonly Norm _norm;
    private Projection _mixed = null!;
    private Projection _gate = null!;
    private Projection _output = null!;
    private RecurrentSlot _slot;
    private long _projected;
    private long _gates;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public LightningAttention(string prefix, int hidden, LightningAttentionSpec spec)
        : base(prefix, "lightning attention")
    {
        _hidden = hidden;
        _spec = spec;
        _norm = new Norm($"{prefix}.attn_norm_2", NormKind.Rms, spec.Epsilon, spec.Width);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public LightningAttentionParts Parts => new(_spec, _mixed, _gate, _norm, _output);

    public override ActivationForms Reads => Activations.FormsFor(_mixed, _gate);

    public override void Bind(TensorBinder tensors)
    {
        _mixed = tensors.Projection($"{Prefix}.attn_qkv", 3 * _spec.Width, _hidden, order: BiasOrder.NoScale);
        _gate = tensors.Projection($"{Prefix}.attn_gate", _spec.Width, _hidden, order: BiasOrder.NoScale);
        _norm.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.attn_output", _hidden, _spec.Width, order: BiasOrder.NoScale);
    }

    public override void Declare(StatePlan state) => _slot = state.AddRecurrent(checked(_spec.Width * _spec.HeadSize));

    public override void Plan(ScratchPlan scratch)
    {
        _projected = scratch.Floats(3 * _spec.Width);
        _gates = scratch.Floats(_spec.Width);
        _result = scratch.Floats(_spec.Width);
        scratch.UseActivations(_spec.Width, scratch.Rows);
        scratch.UseThread((_spec.HeadSize + MatrixSteps.Most) * sizeof(float));
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* projected = t.Floats(_projected);
        float* gates = t.Floats(_gates);
        float* result = t.Floats(_result);
        t.Multiply(input, t.Rows, new Product(_mixed, projected, 3 * _spec.Width), new Product(_gate, gates, _spec.Width));
        t.Barrier();
        int items = t.Sequences.Length * _spec.Heads;
        for (int item; (item = t.TakeItem()) < items;)
        {
            RunHead(t, t.Sequences[item / _spec.Heads], item % _spec.Heads, projected, result);
        }

        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            long start = (long)row * _spec.Width;
            _norm.Apply(t.Vector, result + start, result + start);
            t.Vector.Gate(Activation.Sigmoid, gates + start, result + start, result + start, _spec.Width);
        }

        t.Barrier();
        t.MultiplyTo(output, t.Prepare(result, _spec.Width, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }

    private void RunHead(PassThread t, in SequenceRows sequence, int head, float* projected, float* result)
    {
        int size = _spec.HeadSize;
        int stride = 3 * _spec.Width;
        float* from = sequence.State.Recurrent(_slot) + ((long)head * size * size);
        float* to = sequence.State.NextRecurrent(_slot) + ((long)head * size * size);
        float* decays = (float*)t.Scratch;
        float* rates = decays + size;
        new Span<float>(decays, size).Fill(_spec.Decay(head));
        new Span<float>(rates, MatrixSteps.Most).Fill(1);
        int last = sequence.FirstRow + sequence.Rows;
        for (int row = sequence.FirstRow, steps; row < last; row += steps)
        {
            steps = Math.Min(MatrixSteps.Most, last - row);

            // Each head has its query, key and value next to each other.
            float* query = projected + ((long)row * stride) + (3 * head * size);
            for (int step = 0; step < steps; step++)
            {
                float* mixed = query + ((long)step * stride);
                t.Vector.Activate(Activation.Silu, mixed, mixed, 3 * size);
            }

            t.Vector.StepMatrix(from, to, size, size, new MatrixSteps
            {
                Count = steps,
                Decays = new StepVectors(decays, 0),
                Keys = new StepVectors(query + size, stride),
                Queries = new StepVectors(query, stride),
                Rates = rates,
                Values = new StepVectors(query + (2 * size), stride),
                Results = new StepVectors(result + ((long)row * _spec.Width) + (head * size), _spec.Width),
            });
            from = to;
        }
    }
}
