using System;
using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Runtime;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>The filters that make text.</summary>
internal static class TextFilters
{
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        int first = CodePoints.LengthAt(text, 0);
        return CodePoints.Upper(text[..first]) + text[first..].ToLowerInvariant();
    }

    /// <summary>Jinja's own title case: only white space, hyphens and opening brackets start a word.</summary>
    public static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        bool starts = true;
        foreach (char c in text)
        {
            title.Append(starts ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            starts = c is '-' or '(' or '{' or '[' or '<' || CodePoints.IsSpace(c);
        }

        return title.ToString();
    }

    /// <summary>As MarkupSafe does it.</summary>
    public static string EscapeHtml(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    /// <summary>Changes the text of a value; what is marked safe stays so.</summary>
    public static Value Map(Interpreter context, Value value, Func<string, string> change)
    {
        StringValue text = ToText(context, value);
        context.ChargeCharacters(text.Text.Length);
        return text.With(change(text.Text));
    }

    public static Value Escape(Interpreter context, Value value, Arguments arguments) =>
        value is StringValue { IsMarkup: true } ? value : ForceEscape(context, value, arguments);

    public static Value ForceEscape(Interpreter context, Value value, Arguments arguments)
    {
        string text = context.Text(value);
        context.CheckLength(text.Length * 5L);
        return new StringValue(EscapeHtml(text), isMarkup: true);
    }

    public static Value Center(Interpreter context, Value value, Arguments arguments)
    {
        var spec = new FormatSpec { Align = '^', Width = Numbers.ToInt32(arguments[0], 80) };
        StringValue text = ToText(context, value);
        return text.With(spec.Pad(context, text.Text, "", '^'));
    }

    public static Value Format(Interpreter context, Value value, Arguments arguments)
    {
        var entries = new OrderedDictionary<Value, Value>();
        foreach (KeyValuePair<string, Value> argument in arguments.Named)
        {
            entries[new StringValue(argument.Key)] = argument.Value;
        }

        var positional = new Value[arguments.Count];
        for (int i = 0; i < positional.Length; i++)
        {
            positional[i] = arguments.At(i);
        }

        Value values = entries.Count > 0 ? new DictValue(entries) : new TupleValue(positional);
        return PercentFormat.Apply(context, ToText(context, value), values);
    }

    public static Value Indent(Interpreter context, Value value, Arguments arguments)
    {
        string indention = arguments[0] is StringValue text ? text.Text : Spaces(context, Numbers.ToInt32(arguments[0], 4));
        bool first = arguments[1] is { IsTrue: true };
        bool blank = arguments[2] is { IsTrue: true };
        StringValue source = ToText(context, context.Defined(value));
        var sink = new TextSink(context);
        List<string> lines = CodePoints.Lines(source.Text + "\n", keepEnds: false);
        for (int i = 0; i < lines.Count; i++)
        {
            sink.Append(i > 0 ? "\n" : "");
            sink.Append(i == 0 ? (first ? indention : "") : blank || lines[i].Length > 0 ? indention : "");
            sink.Append(lines[i]);
        }

        return source.With(sink.ToString());
    }

    public static Value Join(Interpreter context, Value value, Arguments arguments)
    {
        string separator = arguments[0] is null ? "" : context.Text(arguments[0]!);
        var path = AttributePath.Of(context, arguments[1]);
        var sink = new TextSink(context);
        IEnumerator<Value> items = context.Iterate(value);
        for (bool any = false; items.MoveNext(); any = true)
        {
            context.Step();
            sink.Append(any ? separator : "");
            path.Find(context, items.Current).WriteText(sink);
        }

        return context.NewString(sink.ToString());
    }

    public static Value Replace(Interpreter context, Value value, Arguments arguments)
    {
        StringValue Plain(Value part) => context.NewString(context.Text(part));
        Value?[] texts = [Plain(arguments.At(0)), Plain(arguments.At(1)), arguments[2]];
        return StringMethods.Replace(context, Plain(value), new Arguments(texts, null));
    }

    public static Value StripTags(Interpreter context, Value value, Arguments arguments)
    {
        string text = context.Text(value);
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length;)
        {
            int open = text.IndexOf('<', i);
            bool isComment = open >= 0 && string.CompareOrdinal(text, open, "<!--", 0, 4) == 0;
            int close = open < 0 ? -1 : text.IndexOf(isComment ? "-->" : ">", open, StringComparison.Ordinal);
            plain.Append(text, i, (close < 0 ? text.Length : open) - i);
            i = close < 0 ? text.Length : close + (isComment ? 3 : 1);
        }

        string[] words = plain.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return context.NewString(System.Net.WebUtility.HtmlDecode(string.Join(' ', words)));
    }

    /// <summary>HF transformers' own: <c>json.dumps</c> without the escapes that Jinja adds for HTML.</summary>
    public static Value ToJson(Interpreter context, Value value, Arguments arguments)
    {
        string? indent = arguments[1] switch
        {
            null or NoneValue => null,
            StringValue text => text.Text,
            Value width => Spaces(context, Numbers.ToInt32(width)),
        };
        string itemSeparator = indent is null ? ", " : ",";
        string keySeparator = ": ";
        if (arguments[2] is not null and not NoneValue)
        {
            Value[] separators = context.ToArray(arguments[2]!);
            (itemSeparator, keySeparator) = separators is [StringValue item, StringValue key]
                ? (item.Text, key.Text)
                : throw Errors.Value("separators must be two strings");
        }

        var sink = new TextSink(context);
        bool ascii = arguments[0] is { IsTrue: true };
        bool sortKeys = arguments[3] is { IsTrue: true };
        new JsonOutput(sink, ascii, indent, itemSeparator, keySeparator, sortKeys).Write(value);
        return context.NewString(sink.ToString());
    }

    public static Value Trim(Interpreter context, Value value, Arguments arguments) =>
        StringMethods.Strip(context, ToText(context, value), arguments, left: true, right: true);

    public static Value Truncate(Interpreter context, Value value, Arguments arguments)
    {
        StringValue text = ToText(context, value);
        int length = Numbers.ToInt32(arguments[0], 255);
        string end = arguments[2] is null ? "..." : context.Text(arguments[2]!);
        int kept = length - CodePoints.Count(end);
        if (kept < 0)
        {
            throw Errors.Template($"AssertionError: expected length >= {CodePoints.Count(end)}, got {length}");
        }

        if (text.Length <= (long)length + Numbers.ToInt32(arguments[3], 5))
        {
            return text;
        }

        string start = text.Text[..CodePoints.UnitAt(text.Text, kept)];
        int space = arguments[1] is { IsTrue: true } ? -1 : start.LastIndexOf(' ');
        return text.With((space < 0 ? start : start[..space]) + end);
    }

    public static Value UrlEncode(Interpreter context, Value value, Arguments arguments)
    {
        if (value is StringValue text)
        {
            return context.NewString(Quote(text.Text, isQuery: false));
        }

        if (value.Iterate(context) is null)
        {
            return context.NewString(Quote(context.Text(value), isQuery: false));
        }

        var sink = new TextSink(context);
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
            sink.Append(Quote(context.Text(parts[0]), isQuery: true));
            sink.Append("=");
            sink.Append(Quote(context.Text(parts[1]), isQuery: true));
        }

        return context.NewString(sink.ToString());
    }

    public static Value WordCount(Interpreter context, Value value, Arguments arguments)
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

    public static Value FileSize(Interpreter context, Value value, Arguments arguments)
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

    private static StringValue ToText(Interpreter context, Value value) => value as StringValue ?? context.NewString(context.Text(value));

    private static string Spaces(Interpreter context, int count)
    {
        context.CheckLength(Math.Max(0, count));
        return new string(' ', Math.Max(0, count));
    }

    private static string Quote(string text, bool isQuery)
    {
        var quoted = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '~' || (c == '/' && !isQuery))
            {
                quoted.Append(c);
            }
            else
            {
                quoted.Append(c == ' ' && isQuery ? "+" : "%" + b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return quoted.ToString();
    }
}
