using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The parameters of hyper connections.</summary>
/// <param name="NormEpsilon">The epsilon of the norm over all streams.</param>
/// <param name="Epsilon">The number added to every weight.</param>
/// <param name="Magnitude">The greatest weight of a result.</param>
internal sealed record HyperConnectionSpec(float NormEpsilon, float Epsilon, float Magnitude);

/// <summary>
/// A branch between streams: its input is the norm of a weighted sum of the streams, and each stream gets its result, with a weight of its
/// own. The weights depend on all streams of the row.
/// Source: Zhu et al., "Hyper-Connections", arXiv 2409.19606; llama.cpp, models/hy-v4.cpp.
/// </summary>
internal sealed unsafe class HyperConnection : Stage
{
    private readonly ResidualStreams _streams;
    private readonly StreamWeights _weights;
    private readonly Norm _before;
    private readonly Branch _branch;
    private long _input;
    private long _result;

    /// <param name="streams">The streams.</param>
    /// <param name="name">The start of the names of the tensors of the weights, for example <c>blk.0.hc_attn</c>.</param>
    /// <param name="spec">The parameters.</param>
    /// <param name="before">The norm of the branch's input.</param>
    /// <param name="branch">A mixer or a feed-forward.</param>
    public HyperConnection(ResidualStreams streams, string name, HyperConnectionSpec spec, Norm before, Branch branch)
    {
        _streams = streams;
        _weights = new StreamWeights(streams, name, spec, hasOutputs: true);
        _before = before;
        _branch = branch;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public HyperConnectionParts Parts => new(_weights.Parts, _before, _branch);

    public override string? Prefix => _branch.Prefix;

    public override string Kind => _branch.Kind;

    public override void Bind(TensorBinder tensors)
    {
        _weights.Bind(tensors);
        _before.Bind(tensors);
        _branch.Bind(tensors);
    }

    public override void Declare(StatePlan state) => _branch.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _branch.Plan(scratch);
        _streams.Plan(scratch);
        _weights.Plan(scratch);
        _input = scratch.Floats(_streams.Hidden);
        _result = scratch.Floats(_streams.Hidden);
    }

    public override void Run(PassThread t)
    {
        float* input = t.Floats(_input);
        float* result = t.Floats(_result);
        _weights.Run(t);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            _streams.Reduce(t, row, _weights.Inputs(t, row), input + ((long)row * _streams.Hidden));
        }

        t.Barrier();
        Activations n = t.Prepare(input, _streams.Hidden, t.Rows, _before, _branch.Reads, normed: input);
        _branch.Run(t, n, new BranchOutput(result));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* weights = _weights.Outputs(t, row);
            for (int i = 0; i < _streams.Count; i++)
            {
                t.Vector.AddScaled(result + ((long)row * _streams.Hidden), weights[i], _streams.Stream(t, row, i), _streams.Hidden);
            }
        }

        t.Barrier();
    }
}

/// <summary>
/// Computes the weights of a row's streams from all of them: m = W rms(streams), then sigmoid(scale m + base) + epsilon for the input of a
/// branch, and magnitude * sigmoid(scale m + base) + epsilon for its result. A part of stages.
/// </summary>
/// <param name="streams">The streams.</param>
/// <param name="name">The start of the tensor names.</param>
/// <param name="spec">The parameters.</param>
/// <param name="hasOutputs">Whether there are weights for a result.</param>
internal sealed unsafe class StreamWeights(ResidualStreams streams, string name, HyperConnectionSpec spec, bool hasOutputs) : Module
{
    private readonly Norm _norm = new(name: null, NormKind.Rms, spec.NormEpsilon, streams.Width);
    private Projection _projection = null!;
    private NativeBuffer _base = null!;
    private float[] _scales = [];
    private long _normed;
    private long _weights;

    /// <summary>Gets the parts of the bound module.</summary>
    public StreamWeightsParts Parts => new(streams, spec, _norm, _projection, _base, _scales);

    private int Width => hasOutputs ? 2 * streams.Count : streams.Count;

    public override void Bind(TensorBinder tensors)
    {
        _projection = tensors.Projection($"{name}_fn", Width, streams.Width);
        _base = tensors.Vector($"{name}_base.weight", Width);
        _scales = tensors.Source.Floats($"{name}_scale.weight", 1, hasOutputs ? 2 : 1);
    }

    public override void Plan(ScratchPlan scratch)
    {
        _normed = scratch.Floats(streams.Width);
        _weights = scratch.Floats(Width);
        scratch.UseActivations(streams.Width, scratch.Rows);
    }

    /// <summary>Gets the weights of the streams in the input of the branch, [count].</summary>
    public float* Inputs(PassThread t, int row) => t.Floats(_weights) + ((long)row * Width);

    /// <summary>Gets the weights of the result of the branch in the streams, [count].</summary>
    public float* Outputs(PassThread t, int row) => Inputs(t, row) + streams.Count;

    /// <summary>Computes the weights of all rows. Ends at a barrier.</summary>
    public void Run(PassThread t)
    {
        Activations n = t.Prepare(
            streams.All(t), streams.Width, t.Rows, _norm, Activations.FormsFor(_projection), normed: t.Floats(_normed));
        t.Multiply(n, t.Rows, new Product(_projection, t.Floats(_weights), Width));
        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* weights = Inputs(t, row);
            float* bases = (float*)_base.Pointer;
            for (int i = 0; i < Width; i++)
            {
                weights[i] = (weights[i] * _scales[i / streams.Count]) + bases[i];
            }

            t.Vector.Activate(Activation.Sigmoid, weights, weights, Width);
            for (int i = 0; i < Width; i++)
            {
                weights[i] = ((i < streams.Count ? 1 : spec.Magnitude) * weights[i]) + spec.Epsilon;
            }
        }

        t.Barrier();
    }
}
