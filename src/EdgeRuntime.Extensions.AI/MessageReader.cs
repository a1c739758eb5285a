using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Reads the messages of a request.</summary>
internal static class MessageReader
{
    /// <summary>Reads messages. A message with results of several calls gives a message for each.</summary>
    /// <exception cref="ArgumentException">A message is null.</exception>
    /// <exception cref="NotSupportedException">A content is not supported.</exception>
    public static IEnumerable<ModelMessage> Read(IEnumerable<ChatMessage> messages)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal); // of the called tools, by id
        int index = 0;
        foreach (ChatMessage message in messages)
        {
            foreach (ModelMessage converted in Read(message ?? throw new ArgumentException($"message {index} is null"), index, names))
            {
                yield return converted;
            }

            index++;
        }
    }

    private static IEnumerable<ModelMessage> Read(ChatMessage message, int index, Dictionary<string, string> names)
    {
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        List<ToolCall> calls = [];
        List<ModelMessage> results = [];
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case TextReasoningContent part:
                    reasoning.Append(part.Text);
                    break;
                case FunctionCallContent call:
                    names[call.CallId] = call.Name;
                    calls.Add(new ToolCall(call.Name, ContentJson.WriteArguments(call.Arguments), call.CallId));
                    break;
                case FunctionResultContent result:
                    results.Add(ModelMessage.Tool(
                        ContentJson.WriteResult(result.Result), result.CallId, names.GetValueOrDefault(result.CallId)));
                    break;
                case UsageContent:
                    break; // describes an answer and is no part of it
                default:
                    throw new NotSupportedException(
                        $"message {index} ({message.Role}) has a {content.GetType().Name}; the model reads text, reasoning, tool calls and "
                        + "results of tools only");
            }
        }

        var main = new ModelMessage(message.Role.Value, text.ToString())
        {
            ToolCalls = calls,
            Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null,
            Name = message.AuthorName,
        };
        bool isResultOnly = results.Count > 0 && text.Length == 0 && reasoning.Length == 0 && calls.Count == 0;
        return isResultOnly ? results : results.Append(main);
    }
}
