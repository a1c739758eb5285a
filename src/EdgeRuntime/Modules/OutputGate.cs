using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Multiplies the result of attention by gates, one for each element or each head. A part of mixers.</summary>
internal sealed unsafe class OutputGate : Module
{
    private readonly string _name;
    private readonly int _hidden;
    private readonly AttentionSpec _spec;
    private int _width;
    private long _gates;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters of the attention layer, which has gates.</param>
    public OutputGate(string prefix, int hidden, AttentionSpec spec)
    {
        _name = $"{prefix}.attn_gate";
        _hidden = hidden;
        _spec = spec;
        _width = spec.OutputWidth;
    }

    /// <summary>Gets the matrix of the gates; null if they are rows of the queries.</summary>
    public Projection? Projection { get; private set; }

    public override void Bind(TensorBinder tensors)
    {
        if (_spec.Gate == OutputGateKind.SigmoidOfQuery)
        {
            return;
        }

        if (tensors.Source.MatrixWithAnyRows($"{_name}.weight", _hidden).Rows == _spec.Heads)
        {
            _width = _spec.Heads;
        }

        Projection = tensors.Projection(_name, _width, _hidden, order: BiasOrder.NoScale);
    }

    public override void Plan(ScratchPlan scratch) => _gates = scratch.Floats(_width);

    /// <summary>Gets the product that computes the gates of all rows.</summary>
    public Product Product(PassThread t) => new(Projection!, t.Floats(_gates), _width);

    /// <summary>Takes the gates out of a row of queries, [heads, query and gate], and moves the queries together.</summary>
    public void Split(PassThread t, int row, float* queries)
    {
        float* gates = t.Floats(_gates) + ((long)row * _width);
        int length = _spec.KeyLength;
        for (int head = 0; head < _spec.Heads; head++)
        {
            float* query = queries + (2L * head * length);
            new ReadOnlySpan<float>(query + length, length).CopyTo(new Span<float>(gates + ((long)head * length), length));
            new ReadOnlySpan<float>(query, length).CopyTo(new Span<float>(queries + ((long)head * length), length));
        }
    }

    /// <summary>Computes result = activation(gates) * result for all rows. Ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="result">[rows, heads, value length].</param>
    public void Run(PassThread t, float* result)
    {
        Activation activation = _spec.Gate == OutputGateKind.Softplus ? Activation.Softplus : Activation.Sigmoid;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* gates = t.Floats(_gates) + ((long)row * _width);
            float* y = result + ((long)row * _spec.OutputWidth);
            t.Vector.Activate(activation, gates, gates, _width);
            if (_width == _spec.OutputWidth)
            {
                t.Vector.Multiply(gates, y, y, _width);
                continue;
            }

            for (int head = 0; head < _spec.Heads; head++)
            {
                t.Vector.Scale(y + ((long)head * _spec.ValueLength), gates[head], _spec.ValueLength);
            }
        }

        t.Barrier();
    }
}
