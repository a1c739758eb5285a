using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Eval;

/// <summary>A JSON object on a line of a file. Errors name the line.</summary>
/// <param name="Place">The file and the number of the line.</param>
/// <param name="Value">The object.</param>
internal readonly record struct JsonLine(string Place, JsonElement Value)
{
    /// <summary>Reads the objects of a file.</summary>
    /// <param name="path">The path of a file with a JSON object on each line.</param>
    /// <param name="most">The greatest number of objects; -1 for all.</param>
    /// <exception cref="CommandException">The file can't be read, has no objects, or a line is no JSON object.</exception>
    public static IReadOnlyList<JsonLine> Read(string path, int most)
    {
        CheckLimit(most);
        List<JsonLine> objects = [];
        using var reader = new StringReader(UserFile.ReadText(path));
        int number = 0;
        while (objects.Count != most && reader.ReadLine() is { } line)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                objects.Add(Parse($"{path}: line {number}", line));
            }
        }

        return objects.Count > 0 ? objects : throw new CommandException($"{path}: has no lines; expected a JSON object on each");
    }

    /// <summary>Refuses a limit of 0 items.</summary>
    /// <exception cref="UsageException">It is 0.</exception>
    public static void CheckLimit(int most)
    {
        if (most == 0)
        {
            throw new UsageException("--limit 0: expected 1 or more, or -1 for all");
        }
    }

    /// <summary>Gets whether the object has a field.</summary>
    public bool Has(string name) => Value.TryGetProperty(name, out _);

    /// <summary>Gets a text.</summary>
    /// <exception cref="CommandException">There is no such field, or it is no text.</exception>
    public string Text(string name) => Field(name, "a text") is { ValueKind: JsonValueKind.String } text
        ? text.GetString()!
        : throw Wrong(name, "a text");

    /// <summary>Gets a list of texts. One text is a list, too.</summary>
    /// <exception cref="CommandException">There is no such field, it has something else, or it is empty.</exception>
    public string[] Texts(string name)
    {
        const string Expected = "a list of texts";
        JsonElement list = Field(name, Expected);
        JsonElement[] texts = list.ValueKind switch
        {
            JsonValueKind.String => [list],
            JsonValueKind.Array => [.. list.EnumerateArray()],
            _ => [],
        };
        return texts.Length > 0 && texts.All(static text => text.ValueKind == JsonValueKind.String)
            ? [.. texts.Select(static text => text.GetString()!)]
            : throw Wrong(name, Expected);
    }

    /// <summary>Gets an index.</summary>
    /// <param name="name">The field.</param>
    /// <param name="count">The number of things that the index chooses from.</param>
    /// <exception cref="CommandException">There is no such field, or it is no such index.</exception>
    public int Index(string name, int count)
    {
        string expected = $"a number of 0 to {count - 1}";
        JsonElement field = Field(name, expected);
        return field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out int index) && (uint)index < (uint)count
            ? index
            : throw Wrong(name, expected);
    }

    private static JsonLine Parse(string place, string line)
    {
        try
        {
            using JsonDocument document = JsonBytes.ParseLine(line);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonLine(place, document.RootElement.Clone())
                : throw new CommandException($"{place}: expected a JSON object, found {document.RootElement.ValueKind}");
        }
        catch (JsonException exception)
        {
            throw new CommandException($"{place}: not valid JSON: {exception.Message}", exception);
        }
    }

    private JsonElement Field(string name, string expected) => Value.TryGetProperty(name, out JsonElement field)
        ? field
        : throw new CommandException($"{Place}: has no field '{name}', expected {expected}");

    private CommandException Wrong(string name, string expected) => new(
        $"{Place}: field '{name}': expected {expected}, found {OneLine.Value(Value.GetProperty(name).GetRawText())}");
}
