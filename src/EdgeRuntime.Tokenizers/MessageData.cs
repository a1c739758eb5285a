using System.Collections.Generic;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EdgeRuntime;

/// <summary>A saved conversation as JSON.</summary>
internal sealed record ConversationData(string? System, List<MessageData?>? Messages);

/// <summary>A message as JSON, in the format of OpenAI's API. Chat templates read the same names.</summary>
internal sealed record MessageData(
    string? Role,
    string? Content,
    string? ReasoningContent,
    string? Thinking,
    List<ToolCallData?>? ToolCalls,
    string? ToolCallId,
    string? Name);

/// <summary>A call of a tool as JSON.</summary>
internal sealed record ToolCallData(string? Id, string? Type, FunctionData? Function);

/// <summary>The function that a call names, with arguments that are an object or its JSON text.</summary>
internal sealed record FunctionData(string? Name, JsonNode? Arguments);

/// <summary>The description of a tool as JSON.</summary>
internal sealed record ToolData(string Type, ToolFunctionData Function);

/// <summary>The function that a tool is.</summary>
internal sealed record ToolFunctionData(string Name, string Description, JsonNode? Parameters);

/// <summary>The generated serializer.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConversationData))]
[JsonSerializable(typeof(List<MessageData>))]
[JsonSerializable(typeof(List<ToolData>))]
internal sealed partial class MessageContext : JsonSerializerContext;
