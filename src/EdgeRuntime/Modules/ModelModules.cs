using System;
using System.Collections.Generic;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>A model as an architecture describes it: its modules in the order in which they run, and the facts that no module
/// tells.</summary>
internal sealed class ModelModules
{
    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Rows of the embedding and of the head.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>What runs, first to last.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>Tells the tensors that the family has and this runtime deliberately does not run, by name.</summary>
    public Predicate<string> IsNotRun { get; init; } = static _ => false;

    /// <summary>Has every module take its tensors, and refuses a file with others.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    /// <exception cref="UnsupportedModelException">A tensor that no module reads, or a type without kernels.</exception>
    public void Bind(TensorBinder tensors)
    {
        foreach (Stage stage in Stages)
        {
            stage.Bind(tensors);
        }

        tensors.Source.RequireAllBound(IsNotRun);
    }

    /// <summary>Has every module declare what it keeps for a sequence.</summary>
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
