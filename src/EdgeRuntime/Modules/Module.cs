using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// A part of a model: an embedding, a norm, a mixer, a feed-forward, a head. An architecture creates modules from metadata; the engine then
/// has each declare, in this order, the tensors it binds, the state it keeps for a sequence and the scratch it needs for a batch, and
/// runs it.
/// A module owns nothing: weights, states and scratch belong to the engine.
/// </summary>
internal abstract class Module
{
    /// <summary>Takes the module's tensors. Called once.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    public abstract void Bind(TensorBinder tensors);

    /// <summary>Declares what the module keeps for each sequence. Called once.</summary>
    public virtual void Declare(StatePlan state)
    {
    }

    /// <summary>Asks for the scratch of a batch. Called again, after <see cref="Bind"/>, whenever batches grow.</summary>
    public abstract void Plan(ScratchPlan scratch);
}

/// <summary>A module that stands in a model's list: the engine runs one after the other on every thread.</summary>
internal abstract class Stage : Module
{
    /// <summary>Start of the tensor names of the stage's layer (<c>blk.3</c>), or null outside of all layers.</summary>
    public virtual string? Prefix => null;

    /// <summary>What the stage computes, in a word or two, for messages.</summary>
    public abstract string Kind { get; }

    /// <summary>
    /// Runs on every thread of the team at once. Threads take shares of each step and meet at barriers; the last step that others depend on
    /// ends at one.
    /// </summary>
    public abstract void Run(PassThread t);
}

/// <summary>
/// A module that computes something of the rows of its input to be added to the residual stream: a mixer or a feed-forward. It also works
/// for any other caller that gives it activations and a place for the result.
/// </summary>
/// <param name="prefix">Start of its tensor names: <c>blk.0</c>.</param>
/// <param name="kind">What it computes, in a word or two, for messages.</param>
internal abstract class Branch(string prefix, string kind) : Module
{
    /// <summary>Start of its tensor names: <c>blk.0</c>.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>What it computes, in a word or two, for messages.</summary>
    public string Kind { get; } = kind;

    /// <summary>The forms in which the branch reads its input.</summary>
    public abstract ActivationForms Reads { get; }

    /// <summary>Runs on every thread of the team at once; ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="input">[rows, hidden].</param>
    /// <param name="output">Where the result goes.</param>
    public abstract void Run(PassThread t, in Activations input, BranchOutput output);
}

/// <summary>Where a branch's result goes: added to the residual stream, or written to a buffer.</summary>
/// <param name="buffer">[rows, hidden] to be overwritten, or null to add to the residual stream.</param>
internal unsafe readonly struct BranchOutput(float* buffer)
{
    /// <summary>To the residual stream.</summary>
    public static BranchOutput Residual => default;

    public float* Buffer { get; } = buffer;
}
