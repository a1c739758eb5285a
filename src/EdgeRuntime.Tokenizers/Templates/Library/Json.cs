using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>Converts JSON to the variables of a rendering.</summary>
internal static class JsonInput
{
    /// <summary>
    /// Converts the value of a variable. Its strings are data, except the roles that templates know and the texts of the vocabulary's own
    /// tokens.
    /// </summary>
    public static Value ToVariable(string name, JsonNode? node) =>
        ToValue(node, 0, name.EndsWith("_token", StringComparison.Ordinal) ? default : DataRanges.All);

    private static Value ToValue(JsonNode? node, int depth, DataRanges data)
    {
        if (depth > TemplateLimits.ValueDepth)
        {
            throw Errors.Limit("lists inside lists", TemplateLimits.ValueDepth);
        }

        switch (node)
        {
            case null:
                return NoneValue.Instance;
            case JsonObject members:
                var entries = new OrderedDictionary<Value, Value>(members.Count);
                foreach (KeyValuePair<string, JsonNode?> member in members)
                {
                    entries[new StringValue(member.Key, data: data)] = ToValue(member.Value, depth + 1, IsRole(member) ? default : data);
                }

                return new DictValue(entries);
            case JsonArray elements:
                var items = new Value[elements.Count];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = ToValue(elements[i], depth + 1, data);
                }

                return new ListValue(items);
            default:
                return Scalar((JsonValue)node, data);
        }
    }

    // Templates embed roles in control tokens ('<|' + role + '|>'), so roles have to count as text of the template.
    private static bool IsRole(KeyValuePair<string, JsonNode?> member) =>
        member.Key == "role" && member.Value is JsonValue value && value.TryGetValue(out string? role) && MessageRoles.IsKnown(role);

    private static Value Scalar(JsonValue value, DataRanges data) => value.GetValueKind() switch
    {
        JsonValueKind.String => new StringValue(value.GetValue<string>(), data: data),
        JsonValueKind.True => BoolValue.True,
        JsonValueKind.False => BoolValue.False,
        JsonValueKind.Null or JsonValueKind.Undefined => NoneValue.Instance,
        _ => Number(value),
    };

    private static Value Number(JsonValue value)
    {
        // A double stays a double even if it is whole; other numbers are read from their digits.
        if (!value.TryGetValue(out JsonElement _) && value.TryGetValue(out double real))
        {
            return new FloatValue(real);
        }

        string digits = value.ToJsonString();
        return Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 whole)
            ? IntValue.Of(whole)
            : digits.AsSpan().IndexOfAny('.', 'e', 'E') >= 0
                ? new FloatValue(double.Parse(digits, CultureInfo.InvariantCulture))
                : throw Errors.Overflow("a whole number of more than 128 bits");
    }
}

/// <summary>Writes JSON: <c>tojson</c> as HF transformers defines it, which is Python's <c>json.dumps</c>.</summary>
internal sealed class JsonOutput(
    TextSink sink, bool ascii, StringValue? indent, StringValue itemSeparator, StringValue keySeparator, bool sortKeys)
{
    private int _depth;

    public void Write(Value value)
    {
        sink.Context.Step();
        switch (value)
        {
            case NoneValue:
                sink.Append("null");
                break;
            case BoolValue:
                sink.Append(value.IsTrue ? "true" : "false");
                break;
            case IntValue:
                value.WriteRepr(sink);
                break;
            case FloatValue number:
                sink.Append(FloatText(number.Number));
                break;
            case StringValue text:
                WriteString(text);
                break;
            case ListValue or TupleValue:
                WriteList(((SequenceValue)value).Items);
                break;
            case DictValue dict:
                WriteDict(dict);
                break;
            default:
                throw Errors.Type($"Object of type {value.TypeName} is not JSON serializable");
        }
    }

    private static string FloatText(double number) =>
        double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : NumberText.Repr(number);

    private void WriteList(ReadOnlySpan<Value> items)
    {
        if (items.IsEmpty)
        {
            sink.Append("[]");
            return;
        }

        Open("[");
        for (int i = 0; i < items.Length; i++)
        {
            Separate(i);
            Write(items[i]);
        }

        Close("]");
    }

    private void WriteDict(DictValue dict)
    {
        if (dict.Entries.Count == 0)
        {
            sink.Append("{}");
            return;
        }

        Open("{");
        int written = 0;
        Value[] keys = sink.Context.ToArray(dict);
        foreach (Value key in sortKeys ? Sorting.Sort(sink.Context, keys) : keys)
        {
            Separate(written++);
            WriteString(KeyText(key));
            sink.Append(keySeparator);
            Write(dict.FindItem(sink.Context, key)!);
        }

        Close("}");
    }

    private StringValue KeyText(Value key) => key switch
    {
        StringValue text => text,
        NoneValue => new StringValue("null"),
        BoolValue => new StringValue(key.IsTrue ? "true" : "false"),
        IntValue => sink.Context.ToText(key),
        FloatValue number => new StringValue(FloatText(number.Number)),
        _ => throw Errors.Type($"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private void Open(string bracket)
    {
        sink.Append(bracket);
        _depth++;
    }

    private void Separate(int written)
    {
        if (written > 0)
        {
            sink.Append(itemSeparator);
        }

        NewLine();
    }

    private void Close(string bracket)
    {
        _depth--;
        NewLine();
        sink.Append(bracket);
    }

    private void NewLine()
    {
        if (indent is null)
        {
            return;
        }

        sink.Append("\n");
        for (int i = 0; i < _depth; i++)
        {
            sink.Append(indent);
        }
    }

    private void WriteString(StringValue value)
    {
        sink.Append("\"");
        string text = sink.Context.Read(value);
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (Escape(text[i]) is { } escape)
            {
                sink.Append(value, plain, i - plain);
                sink.AppendReplacement(value, i, 1, escape);
                plain = i + 1;
            }
        }

        sink.Append(value, plain, text.Length - plain);
        sink.Append("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        _ when c < ' ' || (ascii && c > '~') => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        _ => null,
    };
}
