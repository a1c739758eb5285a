using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;

namespace EdgeRuntime;

/// <summary>
/// Describes what a chat template makes of tools. Templates don't declare it, so rendering a small conversation finds it out.
/// </summary>
/// <param name="DescribesTools">Whether the template shows the tools to the model.</param>
/// <param name="TakesArgumentObjects">
/// Whether the template reads the arguments of a tool call as a mapping, as those for HF transformers do. If false, it expects JSON text.
/// </param>
internal sealed record TemplateAbilities(bool DescribesTools, bool TakesArgumentObjects)
{
    private const string Function = "probe_function", Argument = "probe_argument";

    // Most templates require turns in this order; some require ids of nine letters and digits.
    private static readonly ModelMessage[] Conversation =
    [
        ModelMessage.User("a"),
        ModelMessage.Assistant("", [new ToolCall(Function, $$"""{"{{Argument}}": "b"}""", "call00001")]),
        ModelMessage.Tool("c", "call00001", Function),
        ModelMessage.Assistant("d"),
        ModelMessage.User("e"),
    ];

    /// <summary>Finds the abilities of a template.</summary>
    public static TemplateAbilities Of(ChatTemplate template)
    {
        string? described = Render(template, [ModelMessage.User("a")], argumentsAsObjects: true, [new ToolDefinition(Function)]);
        string? objects = Render(template, Conversation, argumentsAsObjects: true);
        string? texts = objects is null || PrintsMapping(objects) ? Render(template, Conversation, argumentsAsObjects: false) : null;
        return new TemplateAbilities(described?.Contains(Function, StringComparison.Ordinal) == true, texts is null);
    }

    // Python's notation of a mapping, which a template gives that expects text and joins it with other text.
    private static bool PrintsMapping(string text) => text.Contains($"{{'{Argument}'", StringComparison.Ordinal);

    private static string? Render(
        ChatTemplate template, IReadOnlyList<ModelMessage> messages, bool argumentsAsObjects, IReadOnlyList<ToolDefinition>? tools = null)
    {
        JsonObject variables = MessageJson.ToVariables(messages, tools, addGenerationPrompt: true, argumentsAsObjects);
        variables["bos_token"] = "";
        variables["eos_token"] = "";
        try
        {
            return template.Render(variables);
        }
        catch (ChatTemplateException)
        {
            return null;
        }
    }
}
