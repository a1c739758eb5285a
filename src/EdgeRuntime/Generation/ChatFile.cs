using System.Collections.Generic;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime.Generation;

/// <summary>A conversation as a JSON file: <c>{"system": "...", "messages": [{"role": "user", "content": "..."}, ...]}</c>.</summary>
internal static class ChatFile
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(string path, string? system, IEnumerable<ChatMessage> messages)
    {
        JsonArray list = [];
        foreach (ChatMessage message in messages)
        {
            list.Add((JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content });
        }

        JsonObject root = new() { ["system"] = system ?? "", ["messages"] = list };
        File.WriteAllText(path, root.ToJsonString(Readable) + "\n");
    }

    /// <exception cref="InvalidDataException">Not such a file.</exception>
    public static (string? System, List<ChatMessage> Messages) Read(string path)
    {
        try
        {
            JsonNode? root = JsonNode.Parse(File.ReadAllText(path));
            List<ChatMessage> messages = [];
            foreach (JsonNode? message in root?["messages"]?.AsArray() ?? throw new InvalidDataException($"{path}: no \"messages\" list"))
            {
                messages.Add(new ChatMessage(StringOf(message, "role", path), StringOf(message, "content", path)));
            }

            return (root["system"]?.GetValue<string>(), messages);
        }
        catch (System.Exception e) when (e is JsonException or System.InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: not a saved conversation: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static string StringOf(JsonNode? message, string name, string path) =>
        message?[name]?.GetValue<string>() ?? throw new InvalidDataException($"{path}: a message without \"{name}\"");
}
