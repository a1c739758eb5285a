using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Energy;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The answers of one of two models, and what they took.</summary>
/// <param name="path">The path of the model.</param>
internal sealed class AbModel(string path)
{
    private readonly List<AbAnswer> _answers = [];

    /// <summary>Gets the path of the model.</summary>
    public string Path => path;

    /// <summary>Gets the answers so far, in the order of the prompts.</summary>
    public IReadOnlyList<AbAnswer> Answers => _answers;

    /// <summary>Gets the memory in bytes; 0 before the model has answered.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Gets whether the memory is the peak while the model was open, and not the memory in use at the end.</summary>
    public bool IsPeak { get; private set; } = true;

    /// <summary>Gets the number of prompt tokens per second; 0 if unknown.</summary>
    public double PrefillSpeed =>
        Quotient(_answers.Sum(static answer => answer.PromptTokens), _answers.Sum(static answer => answer.PrefillSeconds));

    /// <summary>Gets the number of generated tokens per second, without the first one of each answer; 0 if unknown.</summary>
    public double DecodeSpeed =>
        Quotient(_answers.Sum(static answer => Math.Max(answer.Tokens - 1, 0)), _answers.Sum(static answer => answer.DecodeSeconds));

    /// <summary>Gets the mean number of tokens of an answer.</summary>
    public double MeanTokens => _answers.Average(static answer => answer.Tokens);

    /// <summary>Gets the mean number of characters of an answer.</summary>
    public double MeanCharacters => _answers.Average(static answer => answer.Text.Length);

    /// <summary>Continues from what <see cref="Save"/> has made.</summary>
    public void Restore(JsonNode state)
    {
        _answers.AddRange(state["answers"]!.AsArray().Select(static answer => AbAnswer.Read(answer!)));
        MemoryBytes = state["memory"]!.GetValue<long>();
        IsPeak = state["is_peak"]!.GetValue<bool>();
    }

    /// <summary>Gets the state so far.</summary>
    public JsonObject Save() => new()
    {
        ["answers"] = new JsonArray([.. _answers.Select(static answer => (JsonNode)answer.ToJson())]),
        ["memory"] = MemoryBytes,
        ["is_peak"] = IsPeak,
    };

    /// <summary>Adds the next answer.</summary>
    public void Add(AbAnswer answer) => _answers.Add(answer);

    /// <summary>Adds the memory that the model took. Of several parts of a run the largest counts.</summary>
    public void AddMemory(long bytes, bool isPeak)
    {
        MemoryBytes = Math.Max(MemoryBytes, bytes);
        IsPeak &= isPeak;
    }

    /// <summary>Gets the energy fields of reports; none if it was not to be measured.</summary>
    /// <param name="meter">The meter, or null.</param>
    public BenchRow EnergyFieldsOf(EnergyMeter? meter)
    {
        var row = new BenchRow();
        AbAnswer[] measured = [.. _answers.Where(static answer => answer.Energy is not null)];
        if (meter is null && measured.Length == 0)
        {
            return row;
        }

        EnergyReading? sum = measured.Length == 0
            ? null
            : measured.Select(static answer => answer.Energy!).Aggregate(static (left, right) => left.Plus(right));
        long tokens = Math.Max(1, measured.Sum(static answer => (long)answer.Tokens));
        foreach ((string name, object value) in EnergyFields.Of(meter?.Status ?? EnergyMeter.NoSensor, sum, null, tokens))
        {
            row.Add(name, value);
        }

        if (sum is not null)
        {
            row.Add("energy_answers", measured.Length);
        }

        return row;
    }

    private static double Quotient(double count, double seconds) => seconds > 0 ? count / seconds : 0;
}
