using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;

namespace EdgeRuntime;

/// <summary>
/// Describes what a chat template makes of tools and reasoning. Templates don't declare it, so rendering small conversations finds it out.
/// </summary>
/// <param name="DescribesTools">Whether the template shows the tools to the model.</param>
/// <param name="ShowsCalls">Whether the template shows the calls that a message lists.</param>
/// <param name="Form">
/// The form of messages that the template reads: most templates read the arguments of a call as a mapping, as those for HF transformers do,
/// and others expect JSON text.
/// </param>
internal sealed record TemplateAbilities(bool DescribesTools, bool ShowsCalls, MessageForm Form)
{
    private const string Function = "probe_function", Argument = "probe_argument", Thought = "probe_thought";

    // Most templates require turns in this order; some require ids of nine letters and digits.
    private static readonly ModelMessage[] Conversation =
    [
        ModelMessage.User("a"),
        ModelMessage.Assistant("", [new ToolCall(Function, $$"""{"{{Argument}}": "b"}""", "call00001")]),
        ModelMessage.Tool("c", "call00001", "probe_result"),
        ModelMessage.Assistant("d"),
        ModelMessage.User("e"),
    ];

    // Many templates show the reasoning of the last turn only.
    private static readonly ModelMessage[] Turn =
        [Conversation[0], Conversation[1] with { Reasoning = Thought }, Conversation[2]];

    /// <summary>Finds the abilities of a template.</summary>
    public static TemplateAbilities Of(ChatTemplate template)
    {
        string? described = Render(template, [ModelMessage.User("a")], new MessageForm(true, false), [new ToolDefinition(Function)]);
        string? objects = Render(template, Conversation, new MessageForm(true, false));
        string? texts = objects is null || PrintsMapping(objects) ? Render(template, Conversation, new MessageForm(false, false)) : null;
        bool takesObjects = texts is null;
        return new TemplateAbilities(
            Contains(described, Function),
            Contains(texts ?? objects, Function),
            new MessageForm(takesObjects, ReadsThinking(template, takesObjects)));
    }

    private static bool ReadsThinking(ChatTemplate template, bool takesObjects) =>
        template.Source.Contains("thinking", StringComparison.Ordinal)
        && !Contains(Render(template, Turn, new MessageForm(takesObjects, false)), Thought)
        && Contains(Render(template, Turn, new MessageForm(takesObjects, true)), Thought);

    // Python's notation of a mapping, which a template gives that expects text and joins it with other text.
    private static bool PrintsMapping(string text) => text.Contains($"{{'{Argument}'", StringComparison.Ordinal);

    private static bool Contains(string? text, string part) => text?.Contains(part, StringComparison.Ordinal) == true;

    private static string? Render(
        ChatTemplate template, IReadOnlyList<ModelMessage> messages, MessageForm form, IReadOnlyList<ToolDefinition>? tools = null)
    {
        JsonObject variables = MessageJson.ToVariables(messages, tools, addGenerationPrompt: true, form);
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
