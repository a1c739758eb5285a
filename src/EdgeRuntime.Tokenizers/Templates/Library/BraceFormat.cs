using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>Python's <c>"...".format(...)</c>, with the sandbox's access to attributes.</summary>
internal sealed class BraceFormat(RenderContext context, Arguments arguments)
{
    private int _next;

    public static Value Apply(RenderContext context, StringValue format, Arguments arguments) =>
        new BraceFormat(context, arguments).Format(format, 2);

    /// <param name="format">The format.</param>
    /// <param name="levels">The remaining nesting levels: a specification may contain fields, but their specifications may not.</param>
    private StringValue Format(StringValue format, int levels)
    {
        if (levels == 0)
        {
            throw Errors.Value("Max string recursion exceeded");
        }

        string text = context.Read(format);
        var sink = new TextSink(context);
        for (int i = 0; i < text.Length;)
        {
            int brace = text.AsSpan(i).IndexOfAny('{', '}');
            sink.Append(format, i, brace < 0 ? text.Length - i : brace);
            if (brace < 0)
            {
                break;
            }

            i += brace;
            if (i + 1 < text.Length && text[i + 1] == text[i])
            {
                sink.Append(format, i, 1);
                i += 2;
            }
            else if (text[i] == '}')
            {
                throw Errors.Value("Single '}' encountered in format string");
            }
            else
            {
                int end = FieldEnd(text, i + 1);
                context.Step();
                sink.Append(FormatField(format.Slice(i + 1, end - i - 1), levels));
                i = end + 1;
            }
        }

        return sink.ToValue(format.IsMarkup);
    }

    private static int FieldEnd(string text, int start)
    {
        if (start == text.Length)
        {
            throw Errors.Value("Single '{' encountered in format string");
        }

        int depth = 1;
        for (int i = start; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        throw Errors.Value("expected '}' before end of string");
    }

    private StringValue FormatField(StringValue field, int levels)
    {
        string text = field.Text;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        int bang = name.IndexOf('!', StringComparison.Ordinal);
        string conversion = bang < 0 ? "" : name[(bang + 1)..];
        Value value = Find(bang < 0 ? name : name[..bang]);
        value = conversion switch
        {
            "" => value,
            "s" => context.ToText(value),
            "r" or "a" => context.Repr(value),
            _ => throw Errors.Value($"Unknown conversion specifier {conversion}"),
        };
        return colon < 0 || colon == text.Length - 1
            ? context.ToText(value)
            : FormatSpec.Parse(context, Format(field.Slice(colon + 1), levels - 1)).Apply(context, value);
    }

    private Value Find(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? path : path[..end];
        context.ChargeName(path);
        Value value = FindFirst(first);
        while (end >= 0 && end < path.Length)
        {
            bool isAttribute = path[end] == '.';
            int start = end + 1;
            end = isAttribute ? path.AsSpan(start).IndexOfAny('.', '[') : path.IndexOf(']', start) - start;
            end = end < 0 ? (isAttribute ? path.Length : throw Errors.Value("Missing ']' in format string")) : start + end;
            context.Step();
            string part = path[start..end];
            value = isAttribute ? context.GetAttribute(value, part) : context.GetItem(value, Key(part));
            end += isAttribute ? 0 : 1;
        }

        return value;
    }

    private static Value Key(string part) =>
        NumberText.TryParseInteger(part, 10, out Int128 index) ? IntValue.Of(index) : new StringValue(part);

    private Value FindFirst(string name)
    {
        if (name.Length == 0)
        {
            name = _next++.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (NumberText.TryParseInteger(name, 10, out Int128 index))
        {
            return index < arguments.Count
                ? arguments.At((int)index)
                : throw Errors.Index("tuple index out of range");
        }

        return arguments.FindNamed(name) ?? throw Errors.Key($"'{name}'");
    }
}
