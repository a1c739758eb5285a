using System;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Attention of the residual stream to itself at earlier layers: sum over i of p[i] x[i], where x[i] are the streams that
/// <see cref="MixedResidual"/> has kept and the present one, and p is the softmax of w rms(x[i]). A part of stages.
/// Source: llama.cpp, models/kimi-k3.cpp.
/// </summary>
/// <param name="kept">The kept streams.</param>
/// <param name="count">The number of streams that are kept so far.</param>
/// <param name="score">The norm whose weights are w.</param>
internal sealed unsafe class ResidualMix(ResidualStreams kept, int count, Norm score) : Module
{
    /// <summary>Gets the kept streams.</summary>
    public ResidualStreams Kept => kept;

    /// <summary>Gets the number of streams that are kept so far.</summary>
    public int Count => count;

    /// <summary>Gets the norm whose weights score a stream.</summary>
    public Norm Score => score;

    public override void Bind(TensorBinder tensors) => score.Bind(tensors);

    public override void Plan(ScratchPlan scratch)
    {
        kept.Plan(scratch);
        scratch.UseThread((kept.Hidden + count + 1L) * sizeof(float));
    }

    /// <summary>Computes the mix of a row.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="result">[hidden]; may be the row of the residual stream.</param>
    public void Apply(PassThread t, int row, float* result)
    {
        float* x = t.X + ((long)row * t.Hidden);
        float* scored = (float*)t.Scratch;
        float* weights = scored + t.Hidden;
        for (int i = 0; i <= count; i++)
        {
            score.Apply(t.Vector, i < count ? kept.Stream(t, row, i) : x, scored);
            weights[i] = t.Vector.Sum(scored, t.Hidden);
        }

        ExpertRouter.Softmax(weights, count + 1);
        if (result != x)
        {
            new ReadOnlySpan<float>(x, t.Hidden).CopyTo(new Span<float>(result, t.Hidden));
        }

        t.Vector.Scale(result, weights[count], t.Hidden);
        for (int i = 0; i < count; i++)
        {
            t.Vector.AddScaled(kept.Stream(t, row, i), weights[i], result, t.Hidden);
        }
    }
}

/// <summary>
/// Computes x += branch(norm(mix(x))). A stage that keeps its input for the mixes of later ones computes x = branch(norm(mix(x))).
/// </summary>
/// <param name="mix">The mix of the residual stream with kept ones.</param>
/// <param name="keeps">Whether the stage keeps its input.</param>
/// <param name="norm">The norm of the branch's input.</param>
/// <param name="branch">A mixer or a feed-forward.</param>
internal sealed unsafe class MixedResidual(ResidualMix mix, bool keeps, Norm norm, Branch branch) : Stage
{
    private long _input;

    /// <summary>Gets the parts of the bound module.</summary>
    public MixedResidualParts Parts => new(mix, keeps, norm, branch);

    public override string? Prefix => branch.Prefix;

    public override string Kind => branch.Kind;

    public override void Bind(TensorBinder tensors)
    {
        mix.Bind(tensors);
        norm.Bind(tensors);
        branch.Bind(tensors);
    }

    public override void Declare(StatePlan state) => branch.Declare(state);

    public override void Plan(ScratchPlan scratch)
    {
        _input = scratch.Floats(scratch.Hidden);
        mix.Plan(scratch);
        branch.Plan(scratch);
    }

    public override void Run(PassThread t)
    {
        float* input = t.Floats(_input);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            mix.Apply(t, row, input + ((long)row * t.Hidden));
            if (keeps)
            {
                var x = new Span<float>(t.X + ((long)row * t.Hidden), t.Hidden);
                x.CopyTo(new Span<float>(mix.Kept.Stream(t, row, mix.Count), t.Hidden));
                x.Clear();
            }
        }

        t.Barrier();
        branch.Run(t, t.Prepare(input, t.Hidden, t.Rows, norm, branch.Reads, normed: input), BranchOutput.Residual);
    }
}

/// <summary>Computes x = mix(x).</summary>
/// <param name="mix">The mix of the residual stream with kept ones.</param>
internal sealed unsafe class MixStream(ResidualMix mix) : StreamStage
{
    /// <summary>Gets the mix.</summary>
    public ResidualMix Mix => mix;

    public override void Bind(TensorBinder tensors) => mix.Bind(tensors);

    public override void Plan(ScratchPlan scratch) => mix.Plan(scratch);

    protected override void Run(PassThread t, int row, float* x) => mix.Apply(t, row, x);
}
