using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The kinds of norm.</summary>
internal enum NormKind
{
    /// <summary>x / sqrt(mean(x^2) + epsilon) * weight + bias.</summary>
    Rms,

    /// <summary>(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias.</summary>
    Layer,
}

/// <summary>
/// A norm over rows or parts of rows, with <c>NAME.weight</c> and <c>NAME.bias</c>. Either is optional if the architecture says so.
/// </summary>
internal sealed unsafe class Norm : Module
{
    private readonly string? _name;
    private readonly NormKind _kind;
    private readonly float _epsilon;
    private readonly int _width;
    private NativeBuffer? _weight;
    private NativeBuffer? _bias;

    /// <param name="name">The tensor name without its last part; null for a norm without weights.</param>
    /// <param name="kind">The formula.</param>
    /// <param name="epsilon">The number added under the root.</param>
    /// <param name="width">The number of elements that are normalized together.</param>
    public Norm(string? name, NormKind kind, float epsilon, int width)
    {
        _name = name;
        _kind = kind;
        _epsilon = epsilon;
        _width = width;
    }

    /// <summary>Gets the number of elements that are normalized together.</summary>
    public int Width => _width;

    public override void Bind(TensorBinder tensors)
    {
        if (_name is not null)
        {
            _weight = tensors.Vector($"{_name}.weight", _width);
            _bias = tensors.OptionalVector($"{_name}.bias", _width);
        }
    }

    public override void Plan(ScratchPlan scratch)
    {
    }

    /// <summary>Computes y = norm(x) for one row.</summary>
    /// <param name="vector">The kernels.</param>
    /// <param name="x">[Width].</param>
    /// <param name="y">[Width]; may be x.</param>
    public void Apply(ElementwiseKernels vector, float* x, float* y)
    {
        float* weight = _weight is null ? null : (float*)_weight.Pointer;
        float* bias = _bias is null ? null : (float*)_bias.Pointer;
        if (_kind == NormKind.Rms)
        {
            vector.RmsNorm(x, weight, _epsilon, y, _width);
            if (bias is not null)
            {
                vector.Add(bias, y, _width);
            }
        }
        else
        {
            vector.LayerNorm(x, weight, bias, _epsilon, y, _width);
        }
    }
}
