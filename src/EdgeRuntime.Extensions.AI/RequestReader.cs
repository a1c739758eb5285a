using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Reads requests of Microsoft.Extensions.AI. What the library can't honour is refused by name.</summary>
internal static class RequestReader
{
    /// <summary>Reads a request.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="options">The options, or null.</param>
    /// <param name="defaults">The settings for what the options leave open.</param>
    /// <param name="model">The model that answers.</param>
    /// <param name="client">The client that was asked.</param>
    /// <exception cref="ArgumentException">An option is out of range or has a wrong type.</exception>
    /// <exception cref="NotSupportedException">An option or a content is not supported.</exception>
    public static ChatRequest Read(
        IEnumerable<ChatMessage> messages, ChatOptions? options, GenerationOptions defaults, LanguageModel model, IChatClient client)
    {
        options ??= new ChatOptions();
        Check(options, client);
        List<ModelMessage> converted = [.. MessageReader.Read(messages)];
        string? system = options.Instructions;
        if (converted is [{ Role: "system" } first, ..])
        {
            // Many templates accept one system message only.
            system = string.IsNullOrEmpty(system) ? first.Content : $"{system}\n\n{first.Content}";
            converted.RemoveAt(0);
        }

        return new ChatRequest(
            string.IsNullOrEmpty(system) ? null : system,
            converted,
            ReadTools(options, model),
            SettingReader.Read(options, defaults, client),
            options.AllowMultipleToolCalls == false,
            options.Reasoning?.Output == ReasoningOutput.None);
    }

    private static void Check(ChatOptions options, IChatClient client)
    {
        string? modelId = client.GetService<ChatClientMetadata>()?.DefaultModelId;
        Refuse(
            options.ModelId is { } id && id != modelId,
            $"ModelId is \"{options.ModelId}\", but this client serves \"{modelId}\"; leave it null");
        Refuse(
            options.ConversationId is not null,
            "ConversationId is set, but this client stores no conversations; send all messages of the conversation");
        Refuse(
            options.ResponseFormat is not (null or ChatResponseFormatText),
            "ResponseFormat asks for JSON, which can't be enforced; leave it null, and ask for JSON in a message");
        Refuse(
            options.Reasoning?.Effort is not null, "Reasoning.Effort is set, but the prompt has no place for it; leave it null");
        Refuse(
            options.Reasoning?.Output == ReasoningOutput.Summary, "Reasoning.Output asks for a summary; use None or Full");
#pragma warning disable MEAI001 // evaluation API: read only to refuse it
        Refuse(options.ContinuationToken is not null, "ContinuationToken is set, but this client has no background responses");
#pragma warning restore MEAI001
    }

    private static ToolDefinition[] ReadTools(ChatOptions options, LanguageModel model)
    {
        if (options.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode)
        {
            return [];
        }

        Refuse(
            options.ToolMode is not (null or AutoChatToolMode),
            "ToolMode requires a tool call, which can't be enforced; use ChatToolMode.Auto");
        ToolDefinition[] definitions = [.. tools.Select(ToDefinition)];
        Refuse(
            model.ChatTemplate?.SupportsTools != true,
            "Tools are set, but the chat template of the model does not describe tools to it; use a model that was trained for tools");
        Refuse(
            ToolCallParser.For(model.ChatTemplate!, definitions) is null,
            "Tools are set, but the chat template of the model has no known marks of tool calls, so that calls would stay text");
        return definitions;
    }

    private static ToolDefinition ToDefinition(AITool tool)
    {
        Refuse(
            tool is not AIFunctionDeclaration,
            $"Tools contains \"{tool?.Name}\" of type {tool?.GetType().Name}; only functions can be called (AIFunctionDeclaration)");
        var function = (AIFunctionDeclaration)tool!;
        return new ToolDefinition(function.Name, function.Description, function.JsonSchema.GetRawText());
    }

    private static void Refuse(bool isRefused, string message)
    {
        if (isRefused)
        {
            throw new NotSupportedException($"ChatOptions.{message}");
        }
    }
}
