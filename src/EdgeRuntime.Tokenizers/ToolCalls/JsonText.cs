using System;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeRuntime.ToolCalls;

/// <summary>Reads and writes JSON texts.</summary>
internal static class JsonText
{
    /// <summary>Checks that a text is a JSON value.</summary>
    /// <exception cref="MalformedCallException">The text is not JSON.</exception>
    public static void Check(string text)
    {
        if (!IsValid(text))
        {
            throw new MalformedCallException("it is not valid JSON");
        }
    }

    /// <summary>Gets a value indicating whether a text is a JSON value.</summary>
    public static bool IsValid(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Writes a string as JSON.</summary>
    public static string Quote(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    /// <summary>Reads a JSON string.</summary>
    /// <exception cref="MalformedCallException">The JSON value is not a string.</exception>
    public static string Unquote(string json)
    {
        try
        {
            return JsonNode.Parse(json) is JsonValue value && value.TryGetValue(out string? text)
                ? text
                : throw new MalformedCallException($"it has {json} where a string belongs");
        }
        catch (InvalidOperationException) // half of a surrogate pair
        {
            throw new MalformedCallException("it has text that is not Unicode");
        }
    }
}
