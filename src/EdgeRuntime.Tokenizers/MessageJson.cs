using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Templates.Library;

namespace EdgeRuntime;

/// <summary>Converts messages and tools to JSON and back: for files, for callers, and for the variables of chat templates.</summary>
internal static class MessageJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly MessageContext Compact = new(Readable(indented: false));
    private static readonly MessageContext Indented = new(Readable(indented: true));

    /// <summary>Writes messages as a JSON array.</summary>
    public static string Write(IEnumerable<ModelMessage> messages) =>
        JsonSerializer.Serialize(ToData(messages, MessageForm.Standard), Compact.ListMessageData);

    /// <summary>Reads messages from a JSON array.</summary>
    /// <exception cref="FormatException">The text is not JSON or not an array of messages.</exception>
    public static List<ModelMessage> Read(string json) => Read(() =>
    {
        using JsonDocument document = JsonDocument.Parse(json, Strict);
        return ToMessages(document.RootElement.Deserialize(MessageContext.Default.ListMessageData));
    });

    /// <summary>Writes a conversation as an indented JSON object: <c>{"system": "...", "messages": [...]}</c>.</summary>
    public static byte[] WriteConversation(string? system, IEnumerable<ModelMessage> messages)
    {
        var data = new ConversationData(system ?? "", ToData(messages, MessageForm.Standard)!);
        return [.. JsonSerializer.SerializeToUtf8Bytes(data, Indented.ConversationData), (byte)'\n'];
    }

    /// <summary>Reads a conversation from a JSON object.</summary>
    /// <exception cref="FormatException">The element is not a conversation.</exception>
    public static (string? System, List<ModelMessage> Messages) ReadConversation(JsonElement root) => Read(() =>
    {
        ConversationData? data = root.ValueKind == JsonValueKind.Object ? root.Deserialize(MessageContext.Default.ConversationData) : null;
        return (data?.System, ToMessages(data?.Messages ?? throw new FormatException("no \"messages\" list")));
    });

    /// <summary>Creates the variables that chat templates read: messages, tools (only if there are any), add_generation_prompt.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="tools">The tools, or null for none.</param>
    /// <param name="addGenerationPrompt">Whether to append the beginning of the assistant's answer.</param>
    /// <param name="form">The form of messages that the template reads.</param>
    public static JsonObject ToVariables(
        IEnumerable<ModelMessage> messages, IReadOnlyList<ToolDefinition>? tools, bool addGenerationPrompt, MessageForm form)
    {
        List<MessageData> data = ToData(messages, form);
        var variables = new JsonObject
        {
            ["messages"] = JsonSerializer.SerializeToNode(data, MessageContext.Default.ListMessageData),
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        if (tools is { Count: > 0 })
        {
            variables["tools"] = JsonSerializer.SerializeToNode(ToData(tools), MessageContext.Default.ListToolData);
        }

        return variables;
    }

    /// <summary>Parses a JSON object. It refuses an object with a key twice, and text that is not valid Unicode.</summary>
    /// <exception cref="FormatException">The text is not a JSON object.</exception>
    public static JsonObject ParseObject(string text) => Read(() =>
    {
        JsonNode? node = JsonNode.Parse(text, documentOptions: Strict);
        _ = node?.ToJsonString(); // throws if a string contains half of a surrogate pair
        return node as JsonObject
            ?? throw new FormatException($"found a JSON {node?.GetValueKind() ?? JsonValueKind.Null}, expected an object");
    });

    private static List<MessageData> ToData(IEnumerable<ModelMessage> messages, MessageForm form) =>
        [.. messages.Select(message => ToData(message, form))];

    private static MessageData ToData(ModelMessage message, MessageForm form)
    {
        bool isThinking = form.ReasoningIsThinking && message.Reasoning is not null;
        return new MessageData(
            message.Role,
            isThinking && message.ToolCalls.Count > 0 ? "" : message.Content, // one analysis at most precedes a call of gpt-oss
            isThinking ? null : message.Reasoning,
            isThinking ? message.Reasoning : null,
            message.ToolCalls.Count == 0 ? null : [.. message.ToolCalls.Select(call => ToData(call, form.ArgumentsAreObjects))],
            message.ToolCallId,
            message.Name);
    }

    private static List<ToolData> ToData(IEnumerable<ToolDefinition> tools) => [.. tools.Select(tool => new ToolData(
        "function", new ToolFunctionData(tool.Name, tool.Description, ParseObject(tool.Parameters))))];

    private static ToolCallData ToData(ToolCall call, bool argumentsAsObjects)
    {
        JsonNode? arguments = argumentsAsObjects ? ObjectOf(call.Arguments) : null;
        return new ToolCallData(call.Id, "function", new FunctionData(call.Name, arguments ?? JsonValue.Create(call.Arguments)));
    }

    /// <summary>Parses arguments that a model may have written. Returns null if they are not a JSON object.</summary>
    private static JsonObject? ObjectOf(string arguments)
    {
        try
        {
            return ParseObject(arguments);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static List<ModelMessage> ToMessages(IEnumerable<MessageData?>? list) =>
        [.. (list ?? throw new FormatException("expected a list of messages")).Select(ToMessage)];

    private static ModelMessage ToMessage(MessageData? data, int index)
    {
        string place = FormattableString.Invariant($"messages[{index}]");
        string role = data?.Role ?? throw new FormatException($"{place}: a message without \"role\"");
        if (!MessageRoles.IsKnown(role))
        {
            throw new FormatException($"{place}: the role is \"{role}\", expected one of: {MessageRoles.List}");
        }

        List<ToolCallData?> calls = data.ToolCalls ?? [];
        string? content = data.Content ?? (calls.Count > 0 ? "" : null);
        return new ModelMessage(role, content ?? throw new FormatException($"{place}: a message without \"content\""))
        {
            ToolCalls = [.. calls.Select((call, number) => ToCall(call, FormattableString.Invariant($"{place}.tool_calls[{number}]")))],
            Reasoning = data.ReasoningContent ?? data.Thinking,
            ToolCallId = data.ToolCallId,
            Name = data.Name,
        };
    }

    private static ToolCall ToCall(ToolCallData? data, string place)
    {
        if (data?.Type is not (null or "function"))
        {
            throw new FormatException($"{place}: the type is \"{data!.Type}\", expected \"function\"");
        }

        return data?.Function is { Name: { Length: > 0 } name, Arguments: var arguments }
            ? new ToolCall(name, TextOf(arguments), data.Id)
            : throw new FormatException($"{place}: a tool call without \"function\" or its \"name\"");
    }

    private static string TextOf(JsonNode? arguments) => arguments switch
    {
        null => "{}",
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => arguments.ToJsonString(Compact.Options),
    };

    /// <summary>Creates the options that leave the characters of all languages as they are.</summary>
    private static JsonSerializerOptions Readable(bool indented) => new(MessageContext.Default.Options)
    {
        TypeInfoResolver = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FormatException(error.Message.ReplaceLineEndings(" "), error);
        }
    }
}
