using System;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// The parallel residual streams of a model with hyper connections, [rows, count, hidden]. The stages of all layers share them; the single
/// stream of the pass carries a row into the first layer and out of the last one.
/// </summary>
/// <param name="count">The number of streams.</param>
/// <param name="hidden">The width of a stream.</param>
internal sealed unsafe class ResidualStreams(int count, int hidden)
{
    private long _streams;

    /// <summary>Gets the number of streams.</summary>
    public int Count { get; } = count;

    /// <summary>Gets the width of a stream.</summary>
    public int Hidden { get; } = hidden;

    /// <summary>Gets the width of all streams of a row.</summary>
    public int Width => Count * Hidden;

    /// <summary>Requests the memory of the streams, which outlives the stage.</summary>
    public void Plan(ScratchPlan scratch) => _streams = scratch.CarriedFloats(this, Width);

    /// <summary>Gets the streams of all rows.</summary>
    public float* All(PassThread t) => t.Carried(_streams);

    /// <summary>Gets a stream of a row, [hidden].</summary>
    public float* Stream(PassThread t, int row, int index) => All(t) + ((long)row * Width) + ((long)index * Hidden);

    /// <summary>Computes x = sum over streams i of weights[i] * stream[i].</summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="weights">[count].</param>
    /// <param name="x">[hidden].</param>
    public void Reduce(PassThread t, int row, float* weights, float* x)
    {
        Copy(Stream(t, row, 0), x);
        t.Vector.Scale(x, weights[0], Hidden);
        for (int i = 1; i < Count; i++)
        {
            t.Vector.AddScaled(Stream(t, row, i), weights[i], x, Hidden);
        }
    }

    /// <summary>Makes every stream of a row a copy of x.</summary>
    public void Fill(PassThread t, int row, float* x)
    {
        for (int i = 0; i < Count; i++)
        {
            Copy(x, Stream(t, row, i));
        }
    }

    private void Copy(float* source, float* target) =>
        new ReadOnlySpan<float>(source, Hidden).CopyTo(new Span<float>(target, Hidden));
}

/// <summary>Starts the streams: each is a copy of the residual stream of the pass.</summary>
/// <param name="streams">The streams.</param>
internal sealed unsafe class StartOfStreams(ResidualStreams streams) : Stage
{
    /// <summary>Gets the streams.</summary>
    public ResidualStreams Streams => streams;

    public override string Kind => "start of streams";

    public override void Bind(TensorBinder tensors)
    {
    }

    public override void Plan(ScratchPlan scratch) => streams.Plan(scratch);

    public override void Run(PassThread t)
    {
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            streams.Fill(t, row, t.X + ((long)row * t.Hidden));
        }

        t.Barrier();
    }
}

/// <summary>Ends the streams: the residual stream of the pass becomes a weighted sum of them.</summary>
/// <param name="streams">The streams.</param>
/// <param name="name">The start of the names of the tensors of the weights, for example <c>output_hc</c>.</param>
/// <param name="spec">The parameters.</param>
internal sealed unsafe class EndOfStreams(ResidualStreams streams, string name, HyperConnectionSpec spec) : Stage
{
    private readonly StreamWeights _weights = new(streams, name, spec, hasOutputs: false);

    /// <summary>Gets the parts of the bound module.</summary>
    public StreamWeightsParts Parts => _weights.Parts;

    public override string Kind => "end of streams";

    public override void Bind(TensorBinder tensors) => _weights.Bind(tensors);

    public override void Plan(ScratchPlan scratch)
    {
        streams.Plan(scratch);
        _weights.Plan(scratch);
    }

    public override void Run(PassThread t)
    {
        _weights.Run(t);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            streams.Reduce(t, row, _weights.Inputs(t, row), t.X + ((long)row * t.Hidden));
        }

        t.Barrier();
    }
}
