using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static class StringMethods
{
    public static readonly FunctionTable Table = new()
    {
        { "capitalize", "", Map(TextMaps.Capitalize) },
        { "casefold", "", Map(TextMaps.Lower) },
        { "center", "width fillchar?", (context, self, a) => Pad(context, self, a, '^') },
        { "count", "sub start? end?", StringSearch.Count },
        { "endswith", "suffix start? end?", (context, self, a) => StringSearch.HasAffix(context, self, a, atEnd: true) },
        { "expandtabs", "tabsize?", ExpandTabs },
        { "find", "sub start? end?", (context, self, a) => IntValue.Of(StringSearch.Find(context, self, a, last: false)) },
        { "format", "*", (context, self, a) => BraceFormat.Apply(context, (StringValue)self, a) },
        { "format_map", "mapping", FormatMap },
        { "index", "sub start? end?", (context, self, a) => StringSearch.Index(context, self, a, last: false) },
        { "isalnum", "", TextPredicates.All(char.IsLetterOrDigit) },
        { "isalpha", "", TextPredicates.All(char.IsLetter) },
        { "isascii", "", TextPredicates.IsAscii },
        { "isdecimal", "", TextPredicates.All(char.IsDigit) },
        { "isdigit", "", TextPredicates.All(char.IsDigit) },
        { "islower", "", (context, self, _) => BoolValue.Of(TextPredicates.IsCased(context.Text(self), upper: false)) },
        { "isnumeric", "", TextPredicates.All(char.IsNumber) },
        { "isspace", "", TextPredicates.All(CodePoints.IsSpace) },
        { "istitle", "", TextPredicates.IsTitle },
        { "isupper", "", (context, self, _) => BoolValue.Of(TextPredicates.IsCased(context.Text(self), upper: true)) },
        { "join", "iterable", Join },
        { "ljust", "width fillchar?", (context, self, a) => Pad(context, self, a, '<') },
        { "lower", "", Map(TextMaps.Lower) },
        { "lstrip", "chars?", (context, self, a) => Strip(context, self, a[0], left: true, right: false) },
        { "partition", "sep", (context, self, a) => StringSplit.Partition(context, self, a, last: false) },
        { "removeprefix", "prefix", (context, self, a) => StringSearch.RemoveAffix(context, self, a, atEnd: false) },
        { "removesuffix", "suffix", (context, self, a) => StringSearch.RemoveAffix(context, self, a, atEnd: true) },
        { "replace", "old new count?", (context, self, a) => StringSearch.Replace(context, (StringValue)self, a) },
        { "rfind", "sub start? end?", (context, self, a) => IntValue.Of(StringSearch.Find(context, self, a, last: true)) },
        { "rindex", "sub start? end?", (context, self, a) => StringSearch.Index(context, self, a, last: true) },
        { "rjust", "width fillchar?", (context, self, a) => Pad(context, self, a, '>') },
        { "rpartition", "sep", (context, self, a) => StringSplit.Partition(context, self, a, last: true) },
        { "rsplit", "sep? maxsplit?", (context, self, a) => StringSplit.Split(context, self, a, fromEnd: true) },
        { "rstrip", "chars?", (context, self, a) => Strip(context, self, a[0], left: false, right: true) },
        { "split", "sep? maxsplit?", (context, self, a) => StringSplit.Split(context, self, a, fromEnd: false) },
        { "splitlines", "keepends?", StringSplit.Lines },
        { "startswith", "prefix start? end?", (context, self, a) => StringSearch.HasAffix(context, self, a, atEnd: false) },
        { "strip", "chars?", (context, self, a) => Strip(context, self, a[0], left: true, right: true) },
        { "swapcase", "", Map(TextMaps.SwapCase) },
        { "title", "", Map(TextMaps.PythonTitle) },
        { "upper", "", Map(TextMaps.Upper) },
        { "zfill", "width", ZeroFill },
    };

    /// <summary>Gets an argument that must be a string.</summary>
    public static StringValue Required(Value value) => value as StringValue ?? throw Errors.Type($"must be str, not {value.TypeName}");

    /// <summary>Gets an optional argument that must be a string.</summary>
    public static StringValue? Optional(Value? value) => value is null or NoneValue ? null : Required(value);

    /// <summary>Strips white space, or the <paramref name="characters"/>, from the ends.</summary>
    public static StringValue Strip(RenderContext context, Value self, Value? characters, bool left, bool right)
    {
        var value = (StringValue)self;
        string text = context.Read(value);
        CharacterSet? set = Optional(characters) is { } given ? new CharacterSet(context.Read(given)) : null;
        bool IsStripped(int index) => set is null ? CodePoints.IsSpace(text[index]) : set.Contains(text, index);
        int start = 0;
        int end = text.Length;
        while (left && start < end && IsStripped(start))
        {
            start += CodePoints.LengthAt(text, start);
        }

        while (right && end > start && IsStripped(end - CodePoints.LengthBefore(text, end)))
        {
            end -= CodePoints.LengthBefore(text, end);
        }

        return value.Slice(start, end - start);
    }

    private static NativeBody Map(TextMap map) => (context, self, _) => TextMaps.Apply(context, (StringValue)self, map);

    private static Value FormatMap(RenderContext context, Value self, Arguments arguments)
    {
        if (arguments.At(0) is not DictValue dict)
        {
            throw Errors.Type("format_map() argument must be a mapping");
        }

        context.ChargeElements(dict.Entries.Count);
        var named = new List<KeyValuePair<string, Value>>();
        foreach (KeyValuePair<Value, Value> entry in dict.Entries)
        {
            named.Add(new(context.Text(entry.Key), entry.Value));
        }

        return BraceFormat.Apply(context, (StringValue)self, new Arguments([], named));
    }

    private static StringValue Join(RenderContext context, Value self, Arguments arguments)
    {
        var separator = (StringValue)self;
        var sink = new TextSink(context);
        IEnumerator<Value> items = context.Iterate(arguments.At(0));
        for (int i = 0; items.MoveNext(); i++)
        {
            context.Step();
            if (i > 0)
            {
                sink.Append(separator);
            }

            sink.Append(items.Current as StringValue
                ?? throw Errors.Type($"sequence item {i}: expected str instance, {items.Current.TypeName} found"));
        }

        return sink.ToValue(separator.IsMarkup);
    }

    private static StringValue Pad(RenderContext context, Value self, Arguments arguments, char align)
    {
        StringValue fill = Optional(arguments[1]) ?? FormatSpec.Space;
        if (fill.Length != 1)
        {
            throw Errors.Type("The fill character must be exactly one character long");
        }

        var spec = new FormatSpec { Fill = fill, Align = align, Width = Numbers.ToInt32(arguments.At(0)) };
        return spec.Pad(context, (StringValue)self, "", align);
    }

    private static StringValue ZeroFill(RenderContext context, Value self, Arguments arguments)
    {
        var value = (StringValue)self;
        bool isSigned = value.Text.StartsWith('-') || value.Text.StartsWith('+');
        var spec = new FormatSpec { Fill = FormatSpec.Zero, Align = '=', Width = Numbers.ToInt32(arguments.At(0)) };
        return isSigned
            ? spec.Pad(context, value.Slice(1), value.Text[..1], '=')
            : spec.Pad(context, value, "", '=');
    }

    private static StringValue ExpandTabs(RenderContext context, Value self, Arguments arguments)
    {
        var value = (StringValue)self;
        string text = context.Read(value);
        int size = Math.Max(0, Numbers.ToInt32(arguments[0], 8));
        var sink = new TextSink(context);
        int column = 0;
        for (int i = 0, plain = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] != '\t')
            {
                column = text[i] is '\n' or '\r' ? 0 : column + 1;
                continue;
            }

            sink.Append(value, plain, i - plain);
            plain = i + 1;
            if (i < text.Length)
            {
                int spaces = size == 0 ? 0 : size - (column % size);
                sink.Append(' ', spaces);
                column += spaces;
            }
        }

        return sink.ToValue(value.IsMarkup);
    }
}
