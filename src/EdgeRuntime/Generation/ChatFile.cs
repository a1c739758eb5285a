using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Files;

namespace EdgeRuntime.Generation;

/// <summary>
/// Reads and writes a conversation as JSON, in a file or a stream:
/// <c>{"system": "...", "messages": [{"role": "user", "content": "..."}, ...]}</c>.
/// </summary>
internal static class ChatFile
{
    /// <summary>The greatest size of a conversation to read, in bytes: far more than any context holds.</summary>
    public const int MaxBytes = 64 << 20;

    private const string StreamName = "the stream";

    /// <summary>Writes a conversation to a file.</summary>
    /// <exception cref="IOException">The file can't be written. An existing file is unchanged.</exception>
    public static void Write(string path, string? system, IEnumerable<ModelMessage> messages)
    {
        using var file = FileReplacement.OfUser(path);
        file.Write(MessageJson.WriteConversation(system, messages));
        file.Commit();
    }

    /// <summary>Writes a conversation to a stream, which stays open.</summary>
    /// <exception cref="IOException">The stream can't be written.</exception>
    public static void Write(Stream destination, string? system, IEnumerable<ModelMessage> messages) =>
        destination.Write(MessageJson.WriteConversation(system, messages));

    /// <summary>Reads a conversation from a file.</summary>
    /// <exception cref="InvalidDataException">The file is not a saved conversation.</exception>
    /// <exception cref="IOException">
    /// The file can't be read, is not a regular file, or is larger than <see cref="MaxBytes"/>.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static (string? System, List<ModelMessage> Messages) Read(string path) =>
        Read(path, RegularFile.ReadBytes(path, MaxBytes));

    /// <summary>Reads a conversation from the rest of a stream, which stays open.</summary>
    /// <exception cref="InvalidDataException">The stream has no saved conversation.</exception>
    /// <exception cref="IOException">The stream can't be read, or has more than <see cref="MaxBytes"/>.</exception>
    public static (string? System, List<ModelMessage> Messages) Read(Stream source) =>
        Read(StreamName, RegularFile.ReadBytes(source, StreamName, MaxBytes));

    private static (string? System, List<ModelMessage> Messages) Read(string name, byte[] bytes)
    {
        try
        {
            using JsonDocument document = RegularFile.ParseJson(bytes);
            return MessageJson.ReadConversation(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new InvalidDataException($"{name}: not a saved conversation: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
