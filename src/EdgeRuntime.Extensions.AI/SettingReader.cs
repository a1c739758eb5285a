using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Reads the sampling settings of a request.</summary>
internal static class SettingReader
{
    // The names known from llama.cpp and its relatives.
    private static readonly Dictionary<string, Func<GenerationOptions, double, GenerationOptions>> s_additional = new()
    {
        ["min_p"] = static (settings, value) => settings with { MinP = (float)value },
        ["typical_p"] = static (settings, value) => settings with { TypicalP = (float)value },
        ["min_keep"] = static (settings, value) => settings with { MinKeep = ToInteger("min_keep", value) },
        ["repeat_penalty"] = static (settings, value) => settings with { RepeatPenalty = (float)value },
        ["repeat_last_n"] = static (settings, value) => settings with { RepeatLastTokens = ToInteger("repeat_last_n", value) },
    };

    /// <summary>Reads the settings. The raw representation of the options replaces the defaults; the options override both.</summary>
    /// <exception cref="ArgumentException">A setting is out of range, unknown or of a wrong type.</exception>
    public static GenerationOptions Read(ChatOptions options, GenerationOptions defaults, IChatClient client)
    {
        GenerationOptions settings = options.RawRepresentationFactory?.Invoke(client) switch
        {
            null => defaults,
            GenerationOptions raw => raw,
            { } other => throw new ArgumentException(
                $"ChatOptions.RawRepresentationFactory returned a {other.GetType().Name}; expected GenerationOptions or null"),
        };
        settings = settings with
        {
            MaxTokens = options.MaxOutputTokens ?? settings.MaxTokens,
            StopSequences = options.StopSequences is { } stops ? [.. stops] : settings.StopSequences,
            Temperature = options.Temperature ?? settings.Temperature,
            TopK = options.TopK ?? settings.TopK,
            TopP = options.TopP ?? settings.TopP,
            PresencePenalty = options.PresencePenalty ?? settings.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty ?? settings.FrequencyPenalty,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : settings.Seed,
        };
        foreach ((string name, object? value) in options.AdditionalProperties ?? [])
        {
            settings = s_additional.TryGetValue(name, out Func<GenerationOptions, double, GenerationOptions>? set)
                ? set(settings, ToNumber(name, value))
                : throw new NotSupportedException(
                    $"ChatOptions.AdditionalProperties has \"{name}\"; known are: {string.Join(", ", s_additional.Keys)}");
        }

        return settings;
    }

    private static double ToNumber(string name, object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetDouble(),
        float or double or int or long or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        _ => throw WrongValue(name, $"{value ?? "null"}", "a number"),
    };

    private static int ToInteger(string name, double value) => value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue
        ? (int)value
        : throw WrongValue(name, value.ToString(CultureInfo.InvariantCulture), "an integer");

    private static ArgumentException WrongValue(string name, string value, string expected) =>
        new($"ChatOptions.AdditionalProperties[\"{name}\"] is {value}; expected {expected}");
}
