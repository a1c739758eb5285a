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

    /// <summary>Gets the last part of the name of the weights; empty in the few files whose names end without one.</summary>
    public string Suffix { get; init; } = ".weight";

    /// <summary>Gets the number of rows of weights: 1, or one for each head of a row.</summary>
    public int WeightRows { get; init; } = 1;

    /// <summary>Gets whether a row of weights is a single number, for all elements.</summary>
    public bool HasGains { get; init; }

    /// <summary>Gets the parts of the bound module.</summary>
    public NormParts Parts => new(_kind, _epsilon, _weight, _bias);

    public override void Bind(TensorBinder tensors)
    {
        if (_name is null)
        {
            return;
        }

        string weight = _name + Suffix;
        _weight = HasGains ? tensors.Keep(Spread(tensors.Source.Floats(weight, WeightRows, 1)))
            : WeightRows == 1 ? tensors.Vector(weight, _width)
            : tensors.Floats(weight, WeightRows, _width);
        _bias = tensors.Source.OptionalFloats($"{_name}.bias", WeightRows, _width) is { } bias ? tensors.Keep(bias) : null;
    }

    public override void Plan(ScratchPlan scratch)
    {
    }

    /// <summary>Computes y = norm(x) for one row.</summary>
    /// <param name="vector">The kernels.</param>
    /// <param name="x">[Width].</param>
    /// <param name="y">[Width]; may be x.</param>
    /// <param name="head">The head that the row is; only with <see cref="WeightRows"/>.</param>
    public void Apply(ElementwiseKernels vector, float* x, float* y, int head = 0)
    {
        long first = WeightRows == 1 ? 0 : (long)head * _width;
        float* weight = _weight is null ? null : (float*)_weight.Pointer + first;
        float* bias = _bias is null ? null : (float*)_bias.Pointer + first;
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

    private float[] Spread(float[] gains)
    {
        float[] weights = new float[gains.Length * _width];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = gains[i / _width];
        }

        return weights;
    }
}
