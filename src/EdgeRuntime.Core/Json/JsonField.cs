using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EdgeRuntime.Files;

namespace EdgeRuntime.Json;

/// <summary>Represents a value of a JSON file. It knows its place, so that each error names the file and the key.</summary>
internal readonly struct JsonField
{
    private readonly string? _file; // null for the default value, a file that is not there
    private readonly string? _place; // "model.vocab"; empty for the whole file
    private readonly JsonElement _element;

    private JsonField(string file, string place, JsonElement element)
    {
        _file = file;
        _place = place;
        _element = element;
    }

    /// <summary>Gets the path of the file.</summary>
    public string File => _file ?? "";

    /// <summary>Gets the kind of the value; undefined if the key is missing.</summary>
    public JsonValueKind Kind => _element.ValueKind;

    /// <summary>Gets whether the file has a value here. JSON's null is no value.</summary>
    public bool Exists => Kind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Gets the number of elements of an array; 0 for anything else.</summary>
    public int Count => Kind == JsonValueKind.Array ? _element.GetArrayLength() : 0;

    /// <summary>Gets the value of a key, or a field that does not exist.</summary>
    public JsonField this[string key]
    {
        get
        {
            JsonElement value = default;
            _ = Kind == JsonValueKind.Object && _element.TryGetProperty(key, out value);
            return new(File, Append(key), value);
        }
    }

    /// <summary>Gets an element of an array.</summary>
    public JsonField this[int index] => new(File, $"{_place}[{index}]", _element[index]);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="maxBytes">The largest accepted length in bytes.</param>
    /// <param name="expected">What the file should be, for the errors: "a plan by ...".</param>
    /// <exception cref="ModelFormatException">The file is not a JSON object.</exception>
    /// <exception cref="FileException">The file is not a regular file, or it is too long.</exception>
    /// <exception cref="System.IO.IOException">The file does not exist or cannot be read.</exception>
    public static JsonField Read(string path, int maxBytes, string? expected = null) =>
        ReadKind(path, maxBytes, JsonValueKind.Object, expected);

    /// <summary>Reads a file that is an array instead of an object.</summary>
    /// <inheritdoc cref="Read(string, int, string)"/>
    public static JsonField ReadArray(string path, int maxBytes) => ReadKind(path, maxBytes, JsonValueKind.Array, null);

    /// <summary>Wraps the object that a file consists of.</summary>
    /// <exception cref="ModelFormatException">The value is not an object.</exception>
    public static JsonField Of(string path, JsonElement root) => Of(path, root, JsonValueKind.Object, null);

    /// <summary>Gets the elements of an array; none if there is no value.</summary>
    /// <exception cref="ModelFormatException">The value is not an array.</exception>
    public IEnumerable<JsonField> Elements()
    {
        int count = !Exists ? 0 : Kind == JsonValueKind.Array ? Count : throw Wrong("an array");
        return EnumerateElements(count);
    }

    /// <summary>Gets the keys and values of an object; none if there is no value.</summary>
    /// <exception cref="ModelFormatException">The value is not an object.</exception>
    public IEnumerable<(string Key, JsonField Value)> Members()
    {
        if (Exists && Kind != JsonValueKind.Object)
        {
            throw Wrong("an object");
        }

        return EnumerateMembers();
    }

    /// <summary>Gets a text.</summary>
    /// <exception cref="ModelFormatException">There is no value, or it is not a text of Unicode characters.</exception>
    public string GetText()
    {
        try
        {
            return Kind == JsonValueKind.String ? _element.GetString()! : throw Wrong("a text");
        }
        catch (InvalidOperationException)
        {
            throw Wrong("a text without unpaired surrogates");
        }
    }

    /// <summary>Gets a text, or null if there is no value.</summary>
    /// <inheritdoc cref="GetText"/>
    public string? FindText() => Exists ? GetText() : null;

    /// <summary>Gets a flag, or the fallback if there is no value.</summary>
    /// <exception cref="ModelFormatException">The value is not true or false.</exception>
    public bool GetFlag(bool fallback) => FindFlag() ?? fallback;

    /// <summary>Gets a flag, or null if there is no value.</summary>
    /// <inheritdoc cref="GetFlag"/>
    public bool? FindFlag() => !Exists ? null
        : Kind is JsonValueKind.True or JsonValueKind.False ? _element.GetBoolean()
        : throw Wrong("true or false");

    /// <summary>Gets a whole number from 0 to a limit.</summary>
    /// <exception cref="ModelFormatException">There is no value, or it is not such a number.</exception>
    public int GetCount(int limit) =>
        TryGetInteger(out long number) && number >= 0 && number <= limit ? (int)number : throw Wrong($"a whole number from 0 to {limit}");

    /// <summary>Gets a whole number.</summary>
    /// <exception cref="ModelFormatException">There is no value, or it is not a whole number of 64 bits.</exception>
    public long GetInteger() => TryGetInteger(out long number) ? number : throw Wrong("a whole number");

    /// <summary>Gets a finite number.</summary>
    /// <exception cref="ModelFormatException">There is no value, or it is not a finite number.</exception>
    public double GetNumber() =>
        Kind == JsonValueKind.Number && _element.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Wrong("a number");

    /// <summary>Gets whether the value is a whole number of 64 bits.</summary>
    public bool TryGetInteger(out long number)
    {
        number = 0;
        if (Kind != JsonValueKind.Number)
        {
            return false;
        }

        // Some files write 4096.0.
        if (_element.TryGetInt64(out number))
        {
            return true;
        }

        bool isWhole = _element.TryGetDouble(out double value) && value == Math.Truncate(value) && Math.Abs(value) < 1L << 53;
        number = isWhole ? (long)value : 0;
        return isWhole;
    }

    /// <summary>Creates the exception for a wrong value.</summary>
    /// <param name="expected">What was expected.</param>
    public ModelFormatException Wrong(string expected)
    {
        string place = string.IsNullOrEmpty(_place) ? "the file" : Printable.Shorten(_place);
        string found = Kind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Object or JsonValueKind.Array => $"a JSON {Name(Kind)}",
            _ => Printable.Shorten(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(_element))), // GetRawText refuses invalid UTF-8
        };
        return new ModelFormatException(File, -1, $"{place}: found {found}, expected {expected}");
    }

    private static JsonField ReadKind(string path, int maxBytes, JsonValueKind kind, string? expected)
    {
        try
        {
            return Of(path, RegularFile.ReadJson(path, maxBytes).RootElement, kind, expected);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            string wanted = expected is null ? "" : $"; expected {expected}";
            throw new ModelFormatException(path, -1, $"is not valid JSON: {Printable.Shorten(error.Message)}{wanted}");
        }
    }

    private static JsonField Of(string path, JsonElement root, JsonValueKind kind, string? expected) => root.ValueKind == kind
        ? new JsonField(path, "", root)
        : throw new ModelFormatException(path, -1, $"found a JSON {Name(root.ValueKind)}, expected {expected ?? "an " + Name(kind)}");

    [SuppressMessage("Globalization", "CA1308", Justification = "The names are English words in the middle of a sentence.")]
    private static string Name(JsonValueKind kind) => kind.ToString().ToLowerInvariant();

    private IEnumerable<JsonField> EnumerateElements(int count)
    {
        int index = 0;
        if (count > 0)
        {
            foreach (JsonElement element in _element.EnumerateArray())
            {
                yield return new JsonField(File, $"{_place}[{index++}]", element);
            }
        }
    }

    private IEnumerable<(string Key, JsonField Value)> EnumerateMembers()
    {
        if (Exists)
        {
            foreach (JsonProperty member in _element.EnumerateObject())
            {
                string key = GetKey(member);
                yield return (key, new JsonField(File, Append(key), member.Value));
            }
        }
    }

    private string Append(string key) => string.IsNullOrEmpty(_place) ? key : $"{_place}.{key}";

    private string GetKey(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw Wrong("keys without unpaired surrogates");
        }
    }
}
