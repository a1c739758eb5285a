using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes W n: a matrix in the place of a mixer.</summary>
/// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
/// <param name="name">The name of the matrix within the layer.</param>
/// <param name="hidden">The width of the residual stream.</param>
internal sealed class LinearBranch(string prefix, string name, int hidden) : Branch(prefix, "linear layer")
{
    private Projection _matrix = null!;

    /// <summary>Gets the matrix of the bound module.</summary>
    public Projection Matrix => _matrix;

    public override ActivationForms Reads => Activations.FormsFor(_matrix);

    public override void Bind(TensorBinder tensors) =>
        _matrix = tensors.Projection($"{Prefix}.{name}", hidden, hidden, order: BiasOrder.NoScale);

    public override void Plan(ScratchPlan scratch)
    {
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output) => t.MultiplyTo(output, input, _matrix);
}
