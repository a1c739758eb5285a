using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes n + norm(R L n), where L has few rows.
/// Source: Menghani et al., "LAuReL: Learned Augmented Residual Layer", arXiv 2411.07501.
/// </summary>
/// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
/// <param name="name">The name within the layer: L is <c>NAME_l</c>, R is <c>NAME_r</c>.</param>
/// <param name="hidden">The width of the residual stream.</param>
/// <param name="norm">The norm of the product.</param>
internal sealed unsafe class LowRankBranch(string prefix, string name, int hidden, Norm norm) : Branch(prefix, "low-rank branch")
{
    private Projection _left = null!;
    private Projection _right = null!;
    private long _inner;
    private long _result;

    public override ActivationForms Reads => ActivationForms.Rows | Activations.FormsFor(_left);

    /// <summary>Gets the parts of the bound module.</summary>
    public LowRankParts Parts => new(_left, _right, norm);

    public override void Bind(TensorBinder tensors)
    {
        int rank = (int)tensors.Source.MatrixWithAnyRows($"{Prefix}.{name}_l.weight", hidden).Rows;
        _left = tensors.Projection($"{Prefix}.{name}_l", rank, hidden, order: BiasOrder.NoScale);
        _right = tensors.Projection($"{Prefix}.{name}_r", hidden, rank, order: BiasOrder.NoScale);
        norm.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        _inner = scratch.Floats(_left.Rows);
        _result = scratch.Floats(hidden);
        scratch.UseActivations(_left.Rows, scratch.Rows);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* inner = t.Floats(_inner);
        float* result = output.Buffer is null ? t.Floats(_result) : output.Buffer;
        t.Multiply(input, t.Rows, new Product(_left, inner, _left.Rows));
        t.Barrier();
        Activations low = t.Prepare(inner, _left.Rows, t.Rows, norm: null, Activations.FormsFor(_right));
        t.Multiply(low, t.Rows, new Product(_right, result, hidden));
        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* y = result + ((long)row * hidden);
            norm.Apply(t.Vector, y, y);
            t.Vector.Add(input.Rows + ((long)row * hidden), y, hidden);
            if (output.Buffer is null)
            {
                t.Vector.Add(y, t.X + ((long)row * hidden), hidden);
            }
        }

        t.Barrier();
    }
}
