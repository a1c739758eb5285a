using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The filters that return text.</summary>
internal static class TextFilters
{
    private const string Hex = "0123456789ABCDEF";

    private static readonly SearchValues<char> HtmlSpecials = SearchValues.Create("&<>'\"");

    /// <summary>Maps the text of a value. Markup stays markup.</summary>
    public static Value Map(RenderContext context, Value value, TextMap map) => TextMaps.Apply(context, context.ToText(value), map);

    public static Value Escape(RenderContext context, Value value, Arguments arguments) => Escaped(context, context.ToText(value));

    public static Value ForceEscape(RenderContext context, Value value, Arguments arguments) =>
        Escaped(context, context.ToText(value).As(isMarkup: false));

    /// <summary>Converts a string to markup: escapes it like MarkupSafe, unless it already is markup.</summary>
    public static StringValue Escaped(RenderContext context, StringValue value)
    {
        if (value.IsMarkup)
        {
            return value;
        }

        string text = context.Read(value);
        var sink = new TextSink(context);
        int plain = 0;
        for (int special; (special = text.AsSpan(plain).IndexOfAny(HtmlSpecials)) >= 0; plain += special + 1)
        {
            sink.Append(value, plain, special);
            sink.AppendReplacement(value, plain + special, 1, text[plain + special] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\'' => "&#39;",
                _ => "&#34;",
            });
        }

        sink.Append(value, plain, text.Length - plain);
        return sink.ToValue(isMarkup: true);
    }

    public static Value Center(RenderContext context, Value value, Arguments arguments)
    {
        var spec = new FormatSpec { Align = '^', Width = Numbers.ToInt32(arguments[0], 80) };
        return spec.Pad(context, context.ToText(value), "", '^');
    }

    public static Value Format(RenderContext context, Value value, Arguments arguments)
    {
        var entries = new OrderedDictionary<Value, Value>();
        foreach (KeyValuePair<string, Value> argument in arguments.Named)
        {
            entries[StringValue.OfData(argument.Key)] = argument.Value;
        }

        var positional = new Value[arguments.Count];
        for (int i = 0; i < positional.Length; i++)
        {
            positional[i] = arguments.At(i);
        }

        Value values = entries.Count > 0 ? new DictValue(entries) : new TupleValue(positional);
        return PercentFormat.Apply(context, context.ToText(value), values);
    }

    public static Value Indent(RenderContext context, Value value, Arguments arguments)
    {
        StringValue indention = arguments[0] as StringValue ?? Spaces(context, Numbers.ToInt32(arguments[0], 4));
        bool first = arguments[1] is { IsTrue: true };
        bool blank = arguments[2] is { IsTrue: true };
        StringValue source = context.ToText(context.Defined(value));
        var sink = new TextSink(context);
        bool isFirst = true;
        foreach ((int start, int end) in CodePoints.Lines(context.Read(source) + "\n", keepEnds: false))
        {
            sink.Append(isFirst ? "" : "\n");
            if (isFirst ? first : blank || end > start)
            {
                sink.Append(indention);
            }

            sink.Append(source, start, end - start);
            isFirst = false;
        }

        return sink.ToValue(source.IsMarkup);
    }

    public static Value Join(RenderContext context, Value value, Arguments arguments)
    {
        StringValue separator = arguments[0] is null ? StringValue.Empty : context.ToText(arguments[0]!);
        var path = AttributePath.Of(context, arguments[1]);
        var sink = new TextSink(context);
        IEnumerator<Value> items = context.Iterate(value);
        for (bool any = false; items.MoveNext(); any = true)
        {
            context.Step();
            if (any)
            {
                sink.Append(separator);
            }

            path.Find(context, items.Current).WriteText(sink);
        }

        return sink.ToValue();
    }

    public static Value Replace(RenderContext context, Value value, Arguments arguments)
    {
        StringValue Plain(Value part) => context.ToText(part).As(isMarkup: false);
        Value?[] texts = [Plain(arguments.At(0)), Plain(arguments.At(1)), arguments[2]];
        return StringSearch.Replace(context, Plain(value), new Arguments(texts, null));
    }

    public static Value StripTags(RenderContext context, Value value, Arguments arguments)
    {
        StringValue plain = JoinWords(context, WithoutTags(context, context.ToText(value)));
        if (!plain.Text.Contains('&'))
        {
            return plain;
        }

        string decoded = System.Net.WebUtility.HtmlDecode(context.Read(plain));
        context.CheckLength(decoded.Length);
        return plain.With(decoded);
    }

    /// <summary>Implements the <c>tojson</c> of HF transformers: <c>json.dumps</c> without Jinja's HTML escapes.</summary>
    public static Value ToJson(RenderContext context, Value value, Arguments arguments)
    {
        StringValue? indent = arguments[1] switch
        {
            null or NoneValue => null,
            StringValue text => text,
            Value width => Spaces(context, Numbers.ToInt32(width)),
        };
        var itemSeparator = new StringValue(indent is null ? ", " : ",");
        var keySeparator = new StringValue(": ");
        if (arguments[2] is not null and not NoneValue)
        {
            (itemSeparator, keySeparator) = context.ToArray(arguments[2]!) is [StringValue item, StringValue key]
                ? (item, key)
                : throw Errors.Value("separators must be two strings");
        }

        var sink = new TextSink(context);
        bool ascii = arguments[0] is { IsTrue: true };
        bool sortKeys = arguments[3] is { IsTrue: true };
        new JsonOutput(sink, ascii, indent, itemSeparator, keySeparator, sortKeys).Write(value);
        return sink.ToValue();
    }

    public static Value Trim(RenderContext context, Value value, Arguments arguments) =>
        StringMethods.Strip(context, context.ToText(value), arguments[0], left: true, right: true);

    public static Value Truncate(RenderContext context, Value value, Arguments arguments)
    {
        StringValue text = context.ToText(value);
        int length = Numbers.ToInt32(arguments[0], 255);
        StringValue end = arguments[2] is null ? new StringValue("...") : context.ToText(arguments[2]!);
        int kept = length - end.Length!.Value;
        if (kept < 0)
        {
            throw Errors.Template($"AssertionError: expected length >= {end.Length}, got {length}");
        }

        if (text.Length <= (long)length + Numbers.ToInt32(arguments[3], 5))
        {
            return text;
        }

        StringValue start = text.Slice(0, text.UnitAt(context, kept));
        int space = arguments[1] is { IsTrue: true } ? -1 : context.Read(start).LastIndexOf(' ');
        var sink = new TextSink(context);
        sink.Append(start, 0, space < 0 ? start.Text.Length : space);
        sink.Append(end);
        return sink.ToValue(text.IsMarkup);
    }

    public static Value UrlEncode(RenderContext context, Value value, Arguments arguments)
    {
        var sink = new TextSink(context);
        if (value is StringValue || value.Iterate(context) is null)
        {
            Quote(sink, context.ToText(value), isQuery: false);
            return sink.ToValue();
        }

        bool any = false;
        foreach (Value pair in context.ToArray(value is DictValue dict ? new DictView(dict, DictViewKind.Items) : value))
        {
            Value[] parts = context.ToArray(pair);
            if (parts.Length != 2)
            {
                throw Errors.Value("urlencode takes pairs of key and value");
            }

            sink.Append(any ? "&" : "");
            any = true;
            Quote(sink, context.ToText(parts[0]), isQuery: true);
            sink.Append("=");
            Quote(sink, context.ToText(parts[1]), isQuery: true);
        }

        return sink.ToValue();
    }

    public static Value WordCount(RenderContext context, Value value, Arguments arguments)
    {
        int words = 0;
        bool inWord = false;
        foreach (char c in context.Text(value))
        {
            bool isWord = char.IsLetterOrDigit(c) || c == '_';
            words += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return IntValue.Of(words);
    }

    public static Value FileSize(RenderContext context, Value value, Arguments arguments)
    {
        bool binary = arguments[0] is { IsTrue: true };
        double bytes = ((FloatValue)NumberFilters.Float(context, value, Arguments.None)).Number;
        int unit = binary ? 1024 : 1000;
        if (bytes == 1)
        {
            return context.NewString("1 Byte");
        }

        if (bytes < unit)
        {
            return context.NewString(NumberText.Fixed(Math.Truncate(bytes), 0) + " Bytes");
        }

        int power = 0;
        while (power < 8 && bytes >= unit)
        {
            bytes /= unit;
            power++;
        }

        string prefix = "kMGTPEZY"[power - 1].ToString();
        return context.NewString($"{NumberText.Fixed(bytes, 1)} {(binary ? prefix.ToUpperInvariant() + "iB" : prefix + "B")}");
    }

    private static StringValue Spaces(RenderContext context, int count)
    {
        context.CheckLength(Math.Max(0, count));
        return new StringValue(new string(' ', Math.Max(0, count)));
    }

    private static StringValue WithoutTags(RenderContext context, StringValue value)
    {
        string text = context.Read(value);
        var sink = new TextSink(context);
        for (int i = 0; i < text.Length;)
        {
            int open = text.IndexOf('<', i);
            bool isComment = open >= 0 && string.CompareOrdinal(text, open, "<!--", 0, 4) == 0;
            int close = open < 0 ? -1 : text.IndexOf(isComment ? "-->" : ">", open, StringComparison.Ordinal);
            sink.Append(value, i, (close < 0 ? text.Length : open) - i);
            i = close < 0 ? text.Length : close + (isComment ? 3 : 1);
        }

        return sink.ToValue();
    }

    private static StringValue JoinWords(RenderContext context, StringValue value)
    {
        string text = context.Read(value);
        var sink = new TextSink(context);
        bool any = false;
        for (int i = 0, end; i < text.Length; i = end)
        {
            bool isSpace = CodePoints.IsSpace(text[i]);
            for (end = i + 1; end < text.Length && CodePoints.IsSpace(text[end]) == isSpace; end++)
            {
            }

            if (!isSpace)
            {
                sink.Append(any ? " " : "");
                sink.Append(value, i, end - i);
                any = true;
            }
        }

        return sink.ToValue();
    }

    private static void Quote(TextSink sink, StringValue value, bool isQuery)
    {
        string text = sink.Context.Read(value);
        Span<byte> bytes = stackalloc byte[4];
        int plain = 0;
        for (int i = 0, length; i < text.Length; i += length)
        {
            char c = text[i];
            length = CodePoints.LengthAt(text, i);
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '~' || (c == '/' && !isQuery))
            {
                continue;
            }

            sink.Append(value, plain, i - plain);
            plain = i + length;
            if (c == ' ' && isQuery)
            {
                sink.AppendReplacement(value, i, 1, "+");
                continue;
            }

            foreach (byte b in bytes[..Encoding.UTF8.GetBytes(text.AsSpan(i, length), bytes)])
            {
                sink.AppendReplacement(value, i, length, ['%', Hex[b >> 4], Hex[b & 15]]);
            }
        }

        sink.Append(value, plain, text.Length - plain);
    }
}
