using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Files;

namespace EdgeRuntime.Generation;

/// <summary>
/// Reads and writes a conversation as a JSON file: <c>{"system": "...", "messages": [{"role": "user", "content": "..."}, ...]}</c>.
/// </summary>
internal static class ChatFile
{
    /// <summary>The greatest size of a file to read, in bytes: far more than any context holds.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Writes a conversation to a file.</summary>
    /// <exception cref="IOException">The file can't be written. An existing file is unchanged.</exception>
    public static void Write(string path, string? system, IEnumerable<ModelMessage> messages)
    {
        using var file = FileReplacement.OfUser(path);
        file.Write(MessageJson.WriteConversation(system, messages));
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
            return MessageJson.ReadConversation(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new InvalidDataException($"{path}: not a saved conversation: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
