using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Renders a template for many conversations, for comparison with another engine.</summary>
internal static class TemplateCases
{
    /// <summary>Renders every case of a file. An error in one case does not stop the others.</summary>
    /// <param name="template">The template.</param>
    /// <param name="file">
    /// An object with <c>cases</c>, an object from name to variables, and <c>globals</c>, default variables of all cases.
    /// </param>
    /// <param name="now">The time for <c>strftime_now</c>; null for the system clock.</param>
    /// <returns>An object from the name of a case to <c>{"output": text}</c> or <c>{"error": reason}</c>.</returns>
    /// <exception cref="FormatException">The file has a different structure.</exception>
    public static JsonObject Render(ChatTemplate template, JsonObject file, DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(file);
        if (file["cases"] is not JsonObject cases)
        {
            throw new FormatException("the file of cases has no object 'cases' (from a case's name to its variables)");
        }

        var results = new JsonObject();
        foreach (KeyValuePair<string, JsonNode?> named in cases)
        {
            results[named.Key] = RenderCase(template, file["globals"], named, now);
        }

        return results;
    }

    private static JsonObject RenderCase(
        ChatTemplate template, JsonNode? globals, KeyValuePair<string, JsonNode?> named, DateTimeOffset? now)
    {
        var variables = globals is null ? [] : Members(globals, "globals");
        foreach (KeyValuePair<string, JsonNode?> variable in Members(named.Value, $"case '{named.Key}'"))
        {
            variables[variable.Key] = variable.Value?.DeepClone();
        }

        try
        {
            return new JsonObject { ["output"] = template.Render(variables, now) };
        }
        catch (ChatTemplateException error)
        {
            return new JsonObject { ["error"] = error.Reason };
        }
    }

    private static JsonObject Members(JsonNode? node, string what) =>
        node is JsonObject ? (JsonObject)node.DeepClone() : throw new FormatException($"{what} is not an object of variables");
}
