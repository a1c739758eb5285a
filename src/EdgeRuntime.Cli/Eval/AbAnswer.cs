using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Energy;

namespace EdgeRuntime.Cli.Eval;

/// <summary>An answer with what it took.</summary>
/// <param name="Text">The answer.</param>
/// <param name="PromptTokens">The number of tokens of the prompt that were computed.</param>
/// <param name="Tokens">The number of generated tokens.</param>
/// <param name="PrefillSeconds">The time for the prompt and the first token.</param>
/// <param name="DecodeSeconds">The time for the tokens after the first one.</param>
/// <param name="Energy">The energy, or null.</param>
internal sealed record AbAnswer(
    string Text, int PromptTokens, int Tokens, double PrefillSeconds, double DecodeSeconds, EnergyReading? Energy)
{
    /// <summary>Gets an answer of a result.</summary>
    public static AbAnswer Of(GenerationResult result, EnergyReading? energy) => new(
        result.Text,
        result.Usage.PromptTokens - result.Usage.CachedPromptTokens,
        result.Usage.GeneratedTokens,
        result.Timings.Prefill.TotalSeconds,
        result.Timings.Decode.TotalSeconds,
        energy);

    /// <summary>Reads what <see cref="ToJson"/> has made.</summary>
    public static AbAnswer Read(JsonNode json) => new(
        json["text"]!.GetValue<string>(),
        json["prompt_tokens"]!.GetValue<int>(),
        json["tokens"]!.GetValue<int>(),
        json["prefill_s"]!.GetValue<double>(),
        json["decode_s"]!.GetValue<double>(),
        json["energy"] is { } energy
            ? new EnergyReading(
                energy["source"]!.GetValue<string>(),
                energy["joules"]!.GetValue<double>(),
                energy["seconds"]!.GetValue<double>(),
                energy["error_joules"]!.GetValue<double>(),
                energy["samples"]!.GetValue<int>(),
                energy["failures"]!.GetValue<int>())
            : null);

    /// <summary>Gets all of it as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["text"] = Text,
        ["prompt_tokens"] = PromptTokens,
        ["tokens"] = Tokens,
        ["prefill_s"] = PrefillSeconds,
        ["decode_s"] = DecodeSeconds,
        ["energy"] = Energy is null ? null : new JsonObject
        {
            ["source"] = Energy.Source,
            ["joules"] = Energy.Joules,
            ["seconds"] = Energy.Seconds,
            ["error_joules"] = Energy.ErrorJoules,
            ["samples"] = Energy.Samples,
            ["failures"] = Energy.Failures,
        },
    };
}
