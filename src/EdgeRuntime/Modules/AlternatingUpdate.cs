using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// A layer between several streams, of which it computes the first only. Each stream gets a prediction from all streams; the stages of the
/// layer compute the first from its prediction; the others follow by the difference between the two. Then a branch of the first stream is
/// added to the others. Between layers, the residual stream of the pass is the first stream.
/// Source: Baykal et al., "Alternating Updates for Efficient Transformers", arXiv 2301.13310; llama.cpp, models/gemma3n.cpp.
/// </summary>
/// <param name="streams">The streams.</param>
/// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
/// <param name="routerNorm">The norm of what the coefficients of a row depend on.</param>
/// <param name="stages">The stages of the layer.</param>
/// <param name="branch">The branch that is added to the other streams.</param>
/// <param name="branchNorm">The norm of its result.</param>
internal sealed unsafe class AlternatingUpdate(
    ResidualStreams streams, string prefix, Norm routerNorm, Stage[] stages, Branch branch, Norm branchNorm) : Stage
{
    private Projection _router = null!;
    private float[] _predictions = [];
    private float[] _corrections = [];
    private NativeBuffer _scale = null!;
    private long _modalities;
    private long _streamsBefore;
    private long _result;

    /// <summary>Gets the parts of the bound module.</summary>
    public AlternatingUpdateParts Parts => new(
        streams, routerNorm, _router, _predictions, _corrections, _scale, stages, branch, branchNorm);

    public override string? Prefix => prefix;

    public override string Kind => "alternating update";

    public override void Bind(TensorBinder tensors)
    {
        int count = streams.Count;
        routerNorm.Bind(tensors);
        _router = tensors.Projection($"{prefix}.altup_router", count, streams.Hidden, 1f / streams.Hidden, BiasOrder.NoScale);
        _predictions = tensors.Source.Floats($"{prefix}.altup_predict_coef.weight", count * count, count);
        _corrections = tensors.Source.Floats($"{prefix}.altup_correct_coef.weight", count, count);
        _scale = tensors.Vector($"{prefix}.altup_correct_scale.weight", streams.Hidden);
        Array.ForEach(stages, stage => stage.Bind(tensors));
        branch.Bind(tensors);
        branchNorm.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        Array.ForEach(stages, stage => stage.Declare(state));
        branch.Declare(state);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        streams.Plan(scratch);
        _modalities = scratch.Floats(streams.Count);
        _streamsBefore = scratch.Floats(streams.Width);
        _result = scratch.Floats(streams.Hidden);
        Array.ForEach(stages, stage => stage.Plan(scratch));
        branch.Plan(scratch);
    }

    public override void Run(PassThread t)
    {
        Predict(t);
        foreach (Stage stage in stages)
        {
            stage.Run(t);
        }

        Correct(t);
        AddBranch(t);
    }

    /// <summary>Computes stream i += sum over j of coefficient[i, j] * stream j.</summary>
    private void Predict(PassThread t)
    {
        ComputeModalities(t);
        float* before = t.Floats(_streamsBefore);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* old = before + ((long)row * streams.Width);
            new ReadOnlySpan<float>(streams.Stream(t, row, 0), streams.Width).CopyTo(new Span<float>(old, streams.Width));
            float* modalities = ModalitiesOf(t, row);
            for (int i = 0; i < streams.Count; i++)
            {
                for (int j = 0; j < streams.Count; j++)
                {
                    float coefficient = Dot(_predictions, (i * streams.Count) + j, modalities);
                    t.Vector.AddScaled(old + ((long)j * streams.Hidden), coefficient, streams.Stream(t, row, i), streams.Hidden);
                }
            }

            CopyFirstStream(t, row);
        }

        t.Barrier();
    }

    /// <summary>Computes stream i += (1 + coefficient[i]) * (x - stream 0), and x = scale * stream 0.</summary>
    private void Correct(PassThread t)
    {
        ComputeModalities(t);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * t.Hidden);
            float* modalities = ModalitiesOf(t, row);
            t.Vector.AddScaled(streams.Stream(t, row, 0), -1, x, t.Hidden);
            for (int i = 0; i < streams.Count; i++)
            {
                t.Vector.AddScaled(x, 1 + Dot(_corrections, i, modalities), streams.Stream(t, row, i), t.Hidden);
            }

            t.Vector.Multiply(streams.Stream(t, row, 0), (float*)_scale.Pointer, x, t.Hidden);
        }

        t.Barrier();
    }

    private void AddBranch(PassThread t)
    {
        float* result = t.Floats(_result);
        branch.Run(t, t.Prepare(t.X, t.Hidden, t.Rows, norm: null, branch.Reads), new BranchOutput(result));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* y = result + ((long)row * t.Hidden);
            branchNorm.Apply(t.Vector, y, y);
            for (int i = 1; i < streams.Count; i++)
            {
                t.Vector.Add(y, streams.Stream(t, row, i), t.Hidden);
            }

            CopyFirstStream(t, row);
        }

        t.Barrier();
    }

    /// <summary>Computes tanh(Router norm(x)), whose products with the coefficients of the file are those of the row.</summary>
    private void ComputeModalities(PassThread t)
    {
        Activations n = t.Prepare(t.X, t.Hidden, t.Rows, routerNorm, Activations.FormsFor(_router));
        t.Multiply(n, t.Rows, new Product(_router, t.Floats(_modalities), streams.Count));
        t.Barrier();
    }

    private float* ModalitiesOf(PassThread t, int row)
    {
        float* modalities = t.Floats(_modalities) + ((long)row * streams.Count);
        for (int i = 0; i < streams.Count; i++)
        {
            modalities[i] = LaneMath.Tanh(modalities[i]);
        }

        return modalities;
    }

    private void CopyFirstStream(PassThread t, int row) =>
        new ReadOnlySpan<float>(streams.Stream(t, row, 0), t.Hidden).CopyTo(new Span<float>(t.X + ((long)row * t.Hidden), t.Hidden));

    /// <summary>Returns the product of a row of a matrix [rows, count] with the modalities of a row of the batch.</summary>
    private float Dot(float[] matrix, int row, float* modalities)
    {
        float sum = 0;
        for (int i = 0; i < streams.Count; i++)
        {
            sum += matrix[(row * streams.Count) + i] * modalities[i];
        }

        return sum;
    }
}
