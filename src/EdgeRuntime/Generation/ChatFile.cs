using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Files;

namespace EdgeRuntime.Generation;

/// <summary>
/// Reads and writes a conversation as a JSON file: <c>{"system": "...", "messages": [{"role": "user", "content": "..."}, ...]}</c>.
/// </summary>
internal static class ChatFile
{
    /// <summary>The greatest size of a file to read, in bytes: far more than any context holds.</summary>
    public const int MaxBytes = 64 << 20;

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a conversation to a file.</summary>
    /// <exception cref="IOException">The file can't be written. An existing file is unchanged.</exception>
    public static void Write(string path, string? system, IEnumerable<ModelMessage> messages)
    {
        JsonArray list = [];
        foreach (ModelMessage message in messages)
        {
            list.Add((JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content });
        }

        JsonObject root = new() { ["system"] = system ?? "", ["messages"] = list };
        using var file = FileReplacement.OfUser(path);
        file.Write(Encoding.UTF8.GetBytes(root.ToJsonString(Readable) + "\n"));
        file.Commit();
    }

    /// <summary>Reads a conversation from a file.</summary>
    /// <exception cref="InvalidDataException">The file is not a saved conversation.</exception>
    /// <exception cref="IOException">
    /// The file can't be read, is not a regular file, or is larger than <see cref="MaxBytes"/>.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static (string? System, List<ModelMessage> Messages) Read(string path)
    {
        try
        {
            using JsonDocument document = RegularFile.ReadJson(path, MaxBytes);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("messages", out JsonElement list))
            {
                throw new InvalidDataException($"{path}: no \"messages\" list");
            }

            List<ModelMessage> messages = [];
            foreach (JsonElement message in list.EnumerateArray())
            {
                messages.Add(new ModelMessage(StringOf(message, "role", path), StringOf(message, "content", path)));
            }

            return (root.TryGetProperty("system", out JsonElement system) ? system.GetString() : null, messages);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: not a saved conversation: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static string StringOf(JsonElement message, string name, string path) =>
        (message.TryGetProperty(name, out JsonElement value) ? value.GetString() : null)
            ?? throw new InvalidDataException($"{path}: a message without \"{name}\"");
}
