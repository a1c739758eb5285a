using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace EdgeRuntime.ToolCalls;

/// <summary>Knows the tools of a conversation: their names and which of their arguments are strings.</summary>
internal sealed class ToolSchemas
{
    private readonly Dictionary<string, JsonObject> _parameters = [];

    /// <param name="tools">The tools; empty if they are not known.</param>
    public ToolSchemas(IEnumerable<ToolDefinition> tools)
    {
        foreach (ToolDefinition tool in tools)
        {
            _parameters[tool.Name] = MessageJson.ParseObject(tool.Parameters);
        }
    }

    /// <summary>Gets a value indicating whether the model may call a tool of this name.</summary>
    public bool Allow(string name) => _parameters.Count == 0 || _parameters.ContainsKey(name);

    /// <summary>Writes the value of an argument, which the model wrote without quotes, as JSON.</summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="key">The name of the argument.</param>
    /// <param name="value">The text of the value.</param>
    /// <param name="isString">Whether the value is a string, or null if the schema says it.</param>
    public string ToJson(string tool, string key, string value, bool? isString)
    {
        string literal = value.Trim() switch
        {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            string other => other,
        };
        return !(isString ?? IsString(tool, key)) && JsonText.IsValid(literal) ? literal : JsonText.Quote(value);
    }

    private bool IsString(string tool, string key) =>
        _parameters.TryGetValue(tool, out JsonObject? schema)
        && schema["properties"] is JsonObject properties
        && properties[key] is JsonObject property
        && property["type"] is { } type
        && (type is JsonArray types ? types.Any(IsStringType) : IsStringType(type));

    private static bool IsStringType(JsonNode? type) => type is JsonValue value && value.TryGetValue(out string? name) && name == "string";
}
