using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// The base of a model's parts: embeddings, norms, mixers, feed-forwards, heads. An architecture creates modules from metadata. The engine
/// then lets each declare the tensors that it binds, the state that it keeps per sequence and the scratch that it needs per batch, in this
/// order, and runs it. A module owns nothing: weights, states and scratch belong to the engine.
/// </summary>
internal abstract class Module
{
    /// <summary>Binds the module's tensors. Called once.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    public abstract void Bind(TensorBinder tensors);

    /// <summary>Declares the state that the module keeps per sequence. Called once.</summary>
    public virtual void Declare(StatePlan state)
    {
    }

    /// <summary>Requests the scratch of a batch. Called after <see cref="Bind"/>, and again whenever batches grow.</summary>
    public abstract void Plan(ScratchPlan scratch);
}

/// <summary>A module in the list of a model. The engine runs the stages in order on every thread.</summary>
internal abstract class Stage : Module
{
    /// <summary>Gets the prefix of the tensor names of the stage's layer (<c>blk.3</c>), or null outside of all layers.</summary>
    public virtual string? Prefix => null;

    /// <summary>Gets a short name of the computation, for messages.</summary>
    public abstract string Kind { get; }

    /// <summary>
    /// Gets whether each row of the residual stream is computed from itself alone, without state and without its position. The last such
    /// stage before the head leaves rows without an output as they are.
    /// </summary>
    public virtual bool IsRowwise => false;

    /// <summary>
    /// Runs on every thread of the team. Threads take shares of each step and meet at barriers. The last step that other stages depend on
    /// ends at a barrier.
    /// </summary>
    public abstract void Run(PassThread t);
}

/// <summary>
/// A module that computes an addend of the residual stream from the rows of its input: a mixer or a feed-forward. Any caller can run it
/// with activations and a destination.
/// </summary>
/// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
/// <param name="kind">A short name of the computation, for messages.</param>
internal abstract class Branch(string prefix, string kind) : Module
{
    /// <summary>Gets the prefix of the tensor names, for example <c>blk.0</c>.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>Gets a short name of the computation, for messages.</summary>
    public string Kind { get; } = kind;

    /// <summary>Gets the forms in which the branch reads its input.</summary>
    public abstract ActivationForms Reads { get; }

    /// <inheritdoc cref="Stage.IsRowwise"/>
    public virtual bool IsRowwise => false;

    /// <summary>Runs on every thread of the team and ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="input">[rows, hidden].</param>
    /// <param name="output">The destination of the result.</param>
    public abstract void Run(PassThread t, in Activations input, BranchOutput output);
}

/// <summary>The destination of a branch's result: the residual stream, to which it is added, or a buffer.</summary>
/// <param name="buffer">[rows, hidden] to overwrite, or null to add to the residual stream.</param>
internal unsafe readonly struct BranchOutput(float* buffer)
{
    /// <summary>Gets the residual stream as a destination.</summary>
    public static BranchOutput Residual => default;

    public float* Buffer { get; } = buffer;
}
