using System;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes y + scale * chunks(y) with y = experts(n). The routers of both read n.</summary>
internal sealed unsafe class ChunkedExperts : Branch
{
    private readonly Experts _experts;
    private readonly Experts _chunks;
    private readonly float _scale;
    private long _result;
    private long _chunkResult;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="experts">The experts that read the input.</param>
    /// <param name="chunks">The experts that read the result of the others, with <see cref="Experts.HasEarlyScores"/>.</param>
    /// <param name="scale">The factor of the result of the chunks.</param>
    public ChunkedExperts(string prefix, Experts experts, Experts chunks, float scale)
        : base(prefix, "experts")
    {
        _experts = experts;
        _chunks = chunks;
        _scale = scale;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public ChunkedExpertsParts Parts => new(_experts, _chunks, _scale);

    public override ActivationForms Reads => _experts.Reads | _chunks.RouterReads;

    public override void Bind(TensorBinder tensors)
    {
        _experts.Bind(tensors);
        _chunks.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        _result = scratch.Floats(scratch.Hidden);
        _chunkResult = scratch.Floats(scratch.Hidden);
        _chunks.PlanScores(scratch);
        _experts.Plan(scratch);
        _chunks.Plan(scratch);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* result = t.Floats(_result);
        float* chunkResult = t.Floats(_chunkResult);
        _chunks.Score(t, input);
        t.Barrier();
        _experts.Run(t, input, new BranchOutput(result));
        _chunks.Run(t, t.Prepare(result, t.Hidden, t.Rows, norm: null, _chunks.Reads), new BranchOutput(chunkResult));
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            long offset = (long)row * t.Hidden;
            t.Vector.AddScaled(chunkResult + offset, _scale, result + offset, t.Hidden);
            if (output.Buffer is null)
            {
                t.Vector.Add(result + offset, t.X + offset, t.Hidden);
            }
            else
            {
                new ReadOnlySpan<float>(result + offset, t.Hidden).CopyTo(new Span<float>(output.Buffer + offset, t.Hidden));
            }
        }

        t.Barrier();
    }
}
