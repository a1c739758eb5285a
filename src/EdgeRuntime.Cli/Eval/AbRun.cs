using System;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Lets two models answer prompts, one model after the other, so that the memory of each can be told.</summary>
/// <param name="items">The prompts.</param>
/// <param name="generation">How answers are generated.</param>
/// <param name="system">What the models are told before each prompt, or null.</param>
/// <param name="energy">The meter of energy, or null.</param>
internal sealed class AbRun(PromptItem[] items, GenerationOptions generation, string? system, EnergyMeter? energy)
{
    /// <summary>Gets the function that loads a model.</summary>
    public required Func<string, LanguageModel> Load { get; init; }

    /// <summary>Gets the function that creates a session.</summary>
    public required Func<LanguageModel, ModelSession> CreateSession { get; init; }

    /// <summary>Lets the models answer the prompts that they have not answered yet.</summary>
    /// <param name="paths">The paths of the models A and B.</param>
    /// <param name="state">The state from which the run goes on.</param>
    /// <exception cref="OperationCanceledException">The run was interrupted, and its state is saved.</exception>
    public AbModel[] Compute(string[] paths, RunState state)
    {
        AbModel[] models = Array.ConvertAll(paths, static path => new AbModel(path));
        for (int i = 0; state.Data is { } data && i < models.Length; i++)
        {
            models[i].Restore(data["models"]![i]!);
        }

        using var interrupts = new Interrupts();
        if (models[0].Answers.Count < items.Length)
        {
            using LanguageModel later = Load(paths[1]); // so that its errors appear before the other model has answered
        }

        foreach ((AbModel model, string label) in models.Zip((string[])["A answers", "B answers"]))
        {
            if (model.Answers.Count < items.Length)
            {
                Answer(model, label, state, interrupts, () => new JsonObject
                {
                    ["models"] = new JsonArray([.. models.Select(static model => (JsonNode)model.Save())]),
                });
            }
        }

        return models;
    }

    private void Answer(AbModel model, string label, RunState state, Interrupts interrupts, Func<JsonObject> save)
    {
        bool isPeak = PeakMemory.TryReset();
        using LanguageModel loaded = Load(model.Path);
        using ModelSession session = CreateSession(loaded);
        void AddMemory() => model.AddMemory(isPeak ? PeakMemory.ReadBytes() : Environment.WorkingSet, isPeak);
        JsonObject Save()
        {
            AddMemory();
            return save();
        }

        state.Run(
            model.Answers.Count, items.Length, label,
            (index, token) => model.Add(Answer(session, items[index].Prompt, token)), Save, interrupts);
        AddMemory();
    }

    private AbAnswer Answer(ModelSession session, string prompt, CancellationToken cancellationToken)
    {
        GenerationResult? result = null;
        void Generate() => result = PromptAnswers.Answer(session, generation, system, prompt, cancellationToken);
        if (energy is null)
        {
            Generate();
            return AbAnswer.Of(result!, null);
        }

        EnergyReading? reading = energy.Measure(Generate);
        return AbAnswer.Of(result!, reading);
    }
}
