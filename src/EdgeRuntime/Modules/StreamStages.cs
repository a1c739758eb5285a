using System;
using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The base of stages that change every row of the residual stream by itself.</summary>
internal abstract unsafe class StreamStage : Stage
{
    public override string Kind => "residual stream";

    public override void Bind(TensorBinder tensors)
    {
    }

    public override void Plan(ScratchPlan scratch)
    {
    }

    public override void Run(PassThread t)
    {
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            Run(t, row, t.X + ((long)row * t.Hidden));
        }

        t.Barrier();
    }

    /// <summary>Changes a row.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="x">[hidden].</param>
    protected abstract void Run(PassThread t, int row, float* x);
}

/// <summary>Keeps a copy of the residual stream, which <see cref="AddStream"/> adds later in the pass.</summary>
/// <param name="hidden">The width of the residual stream.</param>
/// <param name="copy">A stage whose copy is replaced; null for a copy of its own.</param>
internal sealed unsafe class KeepStream(int hidden, KeepStream? copy = null) : StreamStage
{
    private long _copy;

    /// <summary>Gets the stage that owns the copy.</summary>
    public KeepStream Owner => copy ?? this;

    public override void Plan(ScratchPlan scratch) => _copy = scratch.CarriedFloats(Owner, hidden);

    protected override void Run(PassThread t, int row, float* x) =>
        new ReadOnlySpan<float>(x, hidden).CopyTo(new Span<float>(t.Carried(_copy) + ((long)row * hidden), hidden));
}

/// <summary>Computes x += factor * copy, with a copy that <see cref="KeepStream"/> has kept.</summary>
/// <param name="copy">The stage that keeps the copy.</param>
/// <param name="factor">The name of a tensor of one number; null for 1.</param>
internal sealed unsafe class AddStream(KeepStream copy, string? factor = null) : StreamStage
{
    private float _factor = 1;
    private long _copy;

    /// <summary>Gets the stage that keeps the copy.</summary>
    public KeepStream Source => copy;

    /// <summary>Gets the factor of the bound module.</summary>
    public float Factor => _factor;

    public override void Bind(TensorBinder tensors) => _factor = factor is null ? 1 : tensors.Source.Floats(factor, 1, 1)[0];

    public override void Plan(ScratchPlan scratch) => _copy = scratch.CarriedFloats(copy.Owner, scratch.Hidden);

    protected override void Run(PassThread t, int row, float* x) =>
        t.Vector.AddScaled(t.Carried(_copy) + ((long)row * t.Hidden), _factor, x, t.Hidden);
}

/// <summary>Computes x += vector.</summary>
/// <param name="name">The name of the vector's tensor.</param>
/// <param name="hidden">The width of the residual stream.</param>
internal sealed unsafe class AddVector(string name, int hidden) : StreamStage
{
    private NativeBuffer _vector = null!;

    /// <summary>Gets the vector of the bound module.</summary>
    public NativeBuffer Vector => _vector;

    public override void Bind(TensorBinder tensors) => _vector = tensors.Vector(name, hidden);

    protected override void Run(PassThread t, int row, float* x) => t.Vector.Add((float*)_vector.Pointer, x, hidden);
}

/// <summary>Computes x = norm(x).</summary>
/// <param name="norm">The norm.</param>
internal sealed unsafe class StreamNorm(Norm norm) : StreamStage
{
    /// <summary>Gets the norm.</summary>
    public Norm Norm => norm;

    public override void Bind(TensorBinder tensors) => norm.Bind(tensors);

    protected override void Run(PassThread t, int row, float* x) => norm.Apply(t.Vector, x, x);
}

/// <summary>Computes x = factor * x.</summary>
/// <param name="name">The name of the factor's tensor.</param>
internal sealed unsafe class ScaleStream(string name) : StreamStage
{
    private float _factor = 1;

    /// <summary>Gets the factor of the bound module.</summary>
    public float Factor => _factor;

    public override void Bind(TensorBinder tensors) => _factor = tensors.Source.Floats(name, 1, 1)[0];

    protected override void Run(PassThread t, int row, float* x) => t.Vector.Scale(x, _factor, t.Hidden);
}
