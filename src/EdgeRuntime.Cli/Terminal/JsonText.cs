using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>JSON in and out: indented, and without needless escapes.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file; what is wrong with it is said with its name.</summary>
    public static JsonDocument ReadFile(string path)
    {
        try
        {
            return UserFile.Use(path, name => RegularFile.ReadJson(name, UserFile.MaxBytes));
        }
        catch (JsonException exception)
        {
            throw new CommandException($"{path}: not valid JSON: {exception.Message}", exception);
        }
    }

    public static string Format(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            node.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

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
}
