using System;
using System.Numerics.Tensors;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes Down (act(Gate n) * Up n), or Down act(Up n) without a gate. Gate and Up are separate matrices in the file, or one matrix
/// <c>ffn_up</c> with the rows of both. Biases are added if the file has them.
/// </summary>
internal sealed unsafe class FeedForward : Branch
{
    private readonly int _hidden;
    private readonly int _width;
    private readonly Activation _activation;
    private readonly bool _gated;
    private Projection? _gate;
    private Projection _up = null!;
    private Projection _down = null!;
    private NativeBuffer? _factors;
    private long _gateBuffer;
    private long _upBuffer;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="width">The inner width.</param>
    /// <param name="activation">The activation function of the gate, or of up without a gate.</param>
    /// <param name="gated">Whether there is a gate.</param>
    public FeedForward(string prefix, int hidden, int width, Activation activation, bool gated = true)
        : base(prefix, "feed-forward")
    {
        _hidden = hidden;
        _width = width;
        _activation = activation;
        _gated = gated;
    }

    /// <summary>Gets the suffix of the tensor names; <c>_shexp</c> for a shared expert.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>Gets whether the file has the rows of the gate and of up in one matrix <c>ffn_up</c>, in this order.</summary>
    public bool HasFusedGate { get; init; }

    /// <summary>Gets the function that replaces the activation function, without a gate; null for none.</summary>
    public Xielu? Xielu { get; init; }

    /// <summary>Gets the name within the layer of divisors of the activated elements, which the file may have; null for none.</summary>
    public string? Divisors { get; init; }

    /// <summary>Gets the limits of the gate.</summary>
    public GateLimit Limit { get; init; }

    /// <summary>
    /// Gets the number of standard deviations above the mean of a row's gates that becomes 0, before the activation function, as all that
    /// is less; null for gates without a cutoff.
    /// </summary>
    public float? Cutoff { get; init; }

    /// <summary>Gets the norm before the last product, or null.</summary>
    public Norm? SubNorm { get; init; }

    /// <summary>Gets the order of biases and of the file's matrix scales.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.BeforeScale;

    /// <summary>Gets the order of the last product, if another one than <see cref="BiasOrder"/>.</summary>
    public BiasOrder? DownBiasOrder { get; init; }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Gets the parts of the bound module.</summary>
    public FeedForwardParts Parts => new(_width, _activation, _gate, _up, _down, _factors);

    public override ActivationForms Reads => Activations.FormsFor(_gate, _up);

    public override bool IsRowwise => true;

    public override void Bind(TensorBinder tensors)
    {
        string up = $"{Prefix}.ffn_up{Suffix}";
        if (HasFusedGate)
        {
            _gate = tensors.Part(up, _width, _width, _hidden, part: 0, parts: 2, BiasOrder);
            _up = tensors.Part(up, _width, _width, _hidden, part: 1, parts: 2, BiasOrder);
        }
        else
        {
            _gate = _gated ? tensors.Projection($"{Prefix}.ffn_gate{Suffix}", _width, _hidden, order: BiasOrder) : null;
            _up = tensors.Projection(up, _width, _hidden, order: BiasOrder);
        }

        _down = tensors.Projection($"{Prefix}.ffn_down{Suffix}", _hidden, _width, ResidualScale, DownBiasOrder ?? BiasOrder);
        SubNorm?.Bind(tensors);
        if (Divisors is not null && tensors.Source.OptionalVector($"{Prefix}.{Divisors}", _width) is { } divisors)
        {
            _factors = tensors.Keep(Array.ConvertAll(divisors, static divisor => 1 / divisor));
        }
    }

    public override void Plan(ScratchPlan scratch)
    {
        _upBuffer = scratch.Floats(_width);
        _gateBuffer = _gated ? scratch.Floats(_width) : _upBuffer;
        scratch.UseActivations(_width, scratch.Rows);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* h = t.Floats(_gateBuffer);
        if (Cutoff is { } cutoff)
        {
            MultiplySparse(t, input, h, cutoff);
        }
        else
        {
            MultiplyActivated(t, input, h);
        }

        t.Barrier();
        t.MultiplyTo(output, t.Prepare(h, _width, t.Rows, SubNorm, Activations.FormsFor(_down), normed: h), _down);
    }

    /// <summary>Computes h = act(Gate n) * Up n by shares of panels, while their results are in the cache.</summary>
    private void MultiplyActivated(PassThread t, in Activations n, float* h)
    {
        float* up = t.Floats(_upBuffer);
        ReadOnlySpan<Product> products =
            _gate is null ? [new Product(_up, up, _width)] : [new Product(_up, up, _width), new Product(_gate, h, _width)];
        var updates = new AdapterUpdates(t, n, t.Rows, products);
        while (t.TakeShare(_up.Panels, out int panel, out int last))
        {
            foreach (Product product in products)
            {
                product.Projection.Multiply(n.For(product.Projection), t.Rows, panel, last, product.Y, _width, t.Scratch);
                updates.Add(product, panel, last);
            }

            int first = panel * PackedMatrix.PanelRows;
            int count = Math.Min(last * PackedMatrix.PanelRows, _width) - first;
            for (int row = 0; row < t.Rows; row++)
            {
                long offset = ((long)row * _width) + first;
                Activate(t.Vector, up + offset, h + offset, first, count);
            }
        }
    }

    /// <summary>
    /// Computes h = act(max(0, g - mean(g) - cutoff deviation(g))) * Up n with g = Gate n. Every row needs all of its gates first.
    /// </summary>
    private void MultiplySparse(PassThread t, in Activations n, float* h, float cutoff)
    {
        float* up = t.Floats(_upBuffer);
        t.Multiply(n, t.Rows, new Product(_up, up, _width), new Product(_gate!, h, _width));
        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* gates = h + ((long)row * _width);
            var values = new Span<float>(gates, _width);
            TensorPrimitives.Subtract(values, t.Vector.Sum(gates, _width) / _width, values);
            float deviation = MathF.Sqrt(t.Vector.SumOfSquares(gates, _width) / (_width - 1));
            TensorPrimitives.Subtract(values, cutoff * deviation, values);
            TensorPrimitives.Max(values, 0, values);
            Activate(t.Vector, up + ((long)row * _width), gates, first: 0, _width);
        }
    }

    /// <summary>Computes h = act(h) * up, or h = act(up) without a gate, for some elements of a row.</summary>
    private void Activate(ElementwiseKernels vector, float* up, float* h, int first, int count)
    {
        if (_gate is not null)
        {
            Limit.Apply(vector, _activation, h, up, count);
        }
        else if (Xielu is { } xielu)
        {
            vector.Activate(xielu, up, h, count);
        }
        else
        {
            vector.Activate(_activation, up, h, count);
        }

        if (_factors is not null)
        {
            vector.Multiply(h, (float*)_factors.Pointer + first, h, count);
        }
    }
}
