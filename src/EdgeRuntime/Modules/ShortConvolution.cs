using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes Wout (c * convolution(b * x)) with [b, c, x] = Win n: the mixer of LFM2's layers without attention.</summary>
internal sealed unsafe class ShortConvolution : Branch
{
    private readonly int _hidden;
    private readonly CausalConvolution _convolution;
    private Projection _input = null!;
    private Projection _output = null!;
    private long _gates;
    private long _result;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="taps">The number of weights per channel.</param>
    public ShortConvolution(string prefix, int hidden, int taps)
        : base(prefix, "short convolution")
    {
        _hidden = hidden;
        _convolution = new CausalConvolution($"{prefix}.shortconv.conv", taps, hidden);
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public ShortConvolutionParts Parts => new(_input, _convolution, _output);

    public override ActivationForms Reads => Activations.FormsFor(_input);

    public override void Bind(TensorBinder tensors)
    {
        _input = tensors.Projection($"{Prefix}.shortconv.in_proj", 3 * _hidden, _hidden);
        _convolution.Bind(tensors);
        _output = tensors.Projection($"{Prefix}.shortconv.out_proj", _hidden, _hidden);
    }

    public override void Declare(StatePlan state) => _convolution.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _gates = scratch.Floats(3 * _hidden);
        _result = scratch.Floats(_hidden);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        int stride = 3 * _hidden;
        float* b = t.Floats(_gates);
        float* c = b + _hidden;
        float* x = c + _hidden;
        t.Multiply(input, t.Rows, new Product(_input, b, stride));
        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* bx = x + ((long)row * stride);
            t.Vector.Multiply(b + ((long)row * stride), bx, bx, _hidden);
        }

        t.Barrier();
        float* y = t.Floats(_result);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* result = y + ((long)row * _hidden);
            _convolution.Run(t, row, x, stride, result, first: 0, _hidden);
            t.Vector.Multiply(c + ((long)row * stride), result, result, _hidden);
        }

        t.Barrier();
        t.MultiplyTo(output, t.Prepare(y, _hidden, t.Rows, norm: null, Activations.FormsFor(_output)), _output);
    }
}
