using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Reads and writes the arguments and results of tools as the model sees them: JSON on one line.</summary>
internal static class ContentJson
{
    private static readonly JsonSerializerOptions s_options = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    private static JsonTypeInfo<IDictionary<string, object?>> ArgumentsType =>
        (JsonTypeInfo<IDictionary<string, object?>>)s_options.GetTypeInfo(typeof(IDictionary<string, object?>));

    /// <summary>Reads the arguments of a call.</summary>
    /// <exception cref="JsonException">The text is not a JSON object.</exception>
    public static IDictionary<string, object?>? ReadArguments(string json) => JsonSerializer.Deserialize(json, ArgumentsType);

    /// <summary>Writes the arguments of a call.</summary>
    public static string WriteArguments(IDictionary<string, object?>? arguments) =>
        arguments is null ? "{}" : JsonSerializer.Serialize(arguments, ArgumentsType);

    /// <summary>Writes the result of a call. Text remains as it is.</summary>
    /// <exception cref="NotSupportedException">The result has a content that is not text, or a type that can't be serialized.</exception>
    public static string WriteResult(object? result) => result switch
    {
        null => "null",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        TextContent content => content.Text,
        AIContent content => throw new NotSupportedException(
            $"the result of a tool is a {content.GetType().Name}; the model reads text and JSON only"),
        IEnumerable<AIContent> contents => string.Concat(contents.Select(WriteResult)),
        _ => JsonSerializer.Serialize(result, s_options.GetTypeInfo(typeof(object))),
    };
}
