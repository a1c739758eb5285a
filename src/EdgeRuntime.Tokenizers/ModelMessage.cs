using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime;

/// <summary>Represents a message of a conversation. Immutable; two messages with equal contents are equal.</summary>
/// <example>
/// A conversation in which the model has called a tool:
/// <code>
/// ModelMessage[] messages =
/// [
///     ModelMessage.User("How warm is it in Bern?"),
///     ModelMessage.Assistant("", [new ToolCall("get_weather", """{"city": "Bern"}""", id: "call00001")]),
///     ModelMessage.Tool("""{"celsius": 21}""", toolCallId: "call00001", name: "get_weather"),
/// ];
/// </code>
/// </example>
public sealed record ModelMessage
{
    private readonly ToolCall[] _toolCalls = [];

    /// <summary>Initializes a message.</summary>
    /// <param name="role">
    /// The role: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> or another role that the chat template knows.
    /// </param>
    /// <param name="content">The text of the message. It may be empty.</param>
    public ModelMessage(string role, string content)
    {
        Role = role;
        Content = content;
    }

    /// <summary>Gets the role: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> or another one that the template knows.</summary>
    public string Role
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            field = value;
        }
    }

    /// <summary>Gets the text of the message. It may be empty.</summary>
    public string Content
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    }

    /// <summary>Gets the tools that the model called in this message, in order. The default is none.</summary>
    public IReadOnlyList<ToolCall> ToolCalls
    {
        get => _toolCalls;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _toolCalls = [.. value];
            foreach (ToolCall call in _toolCalls)
            {
                ArgumentNullException.ThrowIfNull(call, nameof(value));
            }
        }
    }

    /// <summary>
    /// Gets the text in which the model reasoned before it answered, apart from the content. The default is null: none, or it is part of
    /// the content. Templates that know it read <c>reasoning_content</c>.
    /// </summary>
    public string? Reasoning { get; init; }

    /// <summary>
    /// Gets the id of the call that this message is the result of. The default is null: not a result, or the call has no id.
    /// </summary>
    public string? ToolCallId { get; init; }

    /// <summary>
    /// Gets the name of the message's author: in a result the name of the tool, else for example of the person. The default is null.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Creates a message of the role <c>system</c>, which tells the model how to answer.</summary>
    /// <param name="content">The text of the message.</param>
    public static ModelMessage System(string content) => new("system", content);

    /// <summary>Creates a message of the role <c>user</c>.</summary>
    /// <param name="content">The text of the message.</param>
    public static ModelMessage User(string content) => new("user", content);

    /// <summary>Creates a message of the role <c>assistant</c>: an answer of the model.</summary>
    /// <param name="content">The text of the answer. It may be empty if the model only calls tools.</param>
    /// <param name="toolCalls">The tools that the model called, or null for none.</param>
    public static ModelMessage Assistant(string content, IReadOnlyList<ToolCall>? toolCalls = null) =>
        new("assistant", content) { ToolCalls = toolCalls ?? [] };

    /// <summary>Creates a message of the role <c>tool</c>: the result of a call.</summary>
    /// <param name="content">The result, as text. Many models expect JSON.</param>
    /// <param name="toolCallId">The <see cref="ToolCall.Id"/> of the call, or null if the call has none.</param>
    /// <param name="name">The name of the tool, or null. Some templates require it.</param>
    public static ModelMessage Tool(string content, string? toolCallId = null, string? name = null) =>
        new("tool", content) { ToolCallId = toolCallId, Name = name };

    /// <summary>Writes messages as a JSON array in the format of OpenAI's API: role, content, reasoning_content,
    /// tool_calls, tool_call_id, name.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    public static string ToJson(IEnumerable<ModelMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return MessageJson.Write(messages);
    }

    /// <summary>Reads messages from a JSON array in the format of <see cref="ToJson"/>. Ignores other properties.</summary>
    /// <param name="json">The JSON array.</param>
    /// <exception cref="FormatException">
    /// The text is not JSON or not such an array, a message has an unknown role, or an object has a key twice. The message gives the place.
    /// </exception>
    public static IReadOnlyList<ModelMessage> FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return MessageJson.Read(json);
    }

    /// <summary>Gets a value indicating whether another message has the same role, content, reasoning, calls, id and name.</summary>
    public bool Equals(ModelMessage? other) =>
        other is not null && Role == other.Role && Content == other.Content && ToolCallId == other.ToolCallId && Name == other.Name
        && Reasoning == other.Reasoning && _toolCalls.SequenceEqual(other._toolCalls);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Role, Content, Reasoning, ToolCallId, Name, _toolCalls.Length);
}
