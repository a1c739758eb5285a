using System;
using System.Collections.Generic;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>A model as an architecture describes it: its modules in execution order, and the properties that belong to no module.</summary>
internal sealed class ModelModules
{
    /// <summary>Gets the width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Gets the number of rows of the embedding and of the head.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Gets the number of positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Gets the stages in execution order.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>Gets whether the model has logits.</summary>
    public bool HasLogits { get; init; } = true;

    /// <summary>Gets what makes embeddings and scores of hidden states.</summary>
    public TextHeads TextHeads { get; init; } = new();

    /// <summary>Gets a predicate for the names of tensors that this runtime deliberately ignores.</summary>
    public Predicate<string> IsNotRun { get; init; } = static _ => false;

    /// <summary>
    /// Gets a function that gives the tensor which a module gets for a name: another one where layers share their weights.
    /// </summary>
    public Func<string, string> TensorOf { get; init; } = static name => name;

    /// <summary>Binds the tensors of every module, and rejects a file with tensors that no module reads.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    /// <exception cref="UnsupportedModelException">No module reads a tensor, or a type has no kernels.</exception>
    public void Bind(TensorBinder tensors)
    {
        tensors.Source.IsNotRun = IsNotRun;
        tensors.Source.TensorOf = TensorOf;
        foreach (Stage stage in Stages)
        {
            stage.Bind(tensors);
        }

        TextHeads.Bind(tensors);
        tensors.Source.RequireAllBound();
    }

    /// <summary>Collects the state that every module keeps per sequence.</summary>
    public StatePlan PlanState()
    {
        var plan = new StatePlan();
        foreach (Stage stage in Stages)
        {
            stage.Declare(plan);
        }

        return plan;
    }
}
