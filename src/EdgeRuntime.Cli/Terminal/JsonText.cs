using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Reads and writes JSON. Output has no unnecessary escapes, except those that keep it unchanged on a terminal.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = OneLine with { Indented = true, NewLine = "\n" };

    /// <summary>Reads a JSON file. Errors name the file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="expected">What the file should be, for the errors: "a result by ...".</param>
    public static JsonDocument ReadFile(string path, string? expected = null)
    {
        try
        {
            return UserFile.Use(path, name => RegularFile.ReadJson(name, UserFile.MaxBytes));
        }
        catch (JsonException exception)
        {
            string wanted = expected is null ? "" : $"; expected {expected}";
            throw new CommandException($"{path}: not valid JSON: {exception.Message}{wanted}", exception);
        }
    }

    /// <summary>Formats with several indented lines.</summary>
    public static string Format(JsonNode node) => Format(node, Indented);

    /// <summary>Formats as one line, without a line end.</summary>
    public static string FormatLine(JsonNode node) => Format(node, OneLine);

    /// <summary>Formats a text as a JSON string.</summary>
    public static string Quote(string text) => EscapeForTerminal($"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"");

    public static void Write(JsonNode node, TextWriter output) => output.Write(Format(node) + "\n");

    public static JsonArray List(IEnumerable<int> values)
    {
        var list = new JsonArray();
        foreach (int value in values)
        {
            list.Add((JsonNode)value);
        }

        return list;
    }

    private static string Format(JsonNode node, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            node.WriteTo(writer);
        }

        return EscapeForTerminal(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>
    /// Escapes characters that <see cref="TerminalFilter"/> would change and the relaxed encoder does not escape. Such characters occur
    /// only inside strings.
    /// </summary>
    private static string EscapeForTerminal(string json)
    {
        if (!json.EnumerateRunes().Any(TerminalFilter.IsDangerous))
        {
            return json;
        }

        var escaped = new StringBuilder(json.Length);
        foreach (Rune rune in json.EnumerateRunes())
        {
            string text = rune.ToString();
            escaped.Append(TerminalFilter.IsDangerous(rune) ? string.Concat(text.Select(unit => $"\\u{(int)unit:X4}")) : text);
        }

        return escaped.ToString();
    }
}
