using System;
using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Runtime;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static class StringMethods
{
    public static readonly FunctionTable Table = new()
    {
        { "capitalize", "", (context, self, _) => New(context, self, TextFilters.Capitalize(Text(self))) },
        { "casefold", "", (context, self, _) => New(context, self, Text(self).ToLowerInvariant()) },
        { "center", "width fillchar?", (context, self, a) => Pad(context, self, a, '^') },
        { "count", "sub start? end?", Count },
        { "endswith", "suffix start? end?", (context, self, a) => Affix(context, self, a, atEnd: true) },
        { "expandtabs", "tabsize?", ExpandTabs },
        { "find", "sub start? end?", (context, self, a) => IntValue.Of(Find(context, self, a, last: false)) },
        { "format", "*", (context, self, a) => BraceFormat.Apply(context, (StringValue)self, a) },
        { "format_map", "mapping", FormatMap },
        { "index", "sub start? end?", (context, self, a) => IntValue.Of(Found(Find(context, self, a, last: false))) },
        { "isalnum", "", (_, self, _) => All(self, static c => char.IsLetterOrDigit(c)) },
        { "isalpha", "", (_, self, _) => All(self, static c => char.IsLetter(c)) },
        { "isascii", "", (_, self, _) => BoolValue.Of(Ascii.IsValid(Text(self))) },
        { "isdecimal", "", (_, self, _) => All(self, static c => char.IsDigit(c)) },
        { "isdigit", "", (_, self, _) => All(self, static c => char.IsDigit(c)) },
        { "islower", "", (_, self, _) => BoolValue.Of(IsCased(Text(self), upper: false)) },
        { "isnumeric", "", (_, self, _) => All(self, static c => char.IsNumber(c)) },
        { "isspace", "", (_, self, _) => All(self, static c => CodePoints.IsSpace(c)) },
        { "istitle", "", (_, self, _) => BoolValue.Of(Text(self).AsSpan().IndexOfAnyExcept(' ') >= 0 && Title(Text(self)) == Text(self)) },
        { "isupper", "", (_, self, _) => BoolValue.Of(IsCased(Text(self), upper: true)) },
        { "join", "iterable", Join },
        { "ljust", "width fillchar?", (context, self, a) => Pad(context, self, a, '<') },
        { "lower", "", (context, self, _) => New(context, self, Text(self).ToLowerInvariant()) },
        { "lstrip", "chars?", (context, self, a) => Strip(context, self, a, left: true, right: false) },
        { "partition", "sep", (context, self, a) => Partition(context, self, a, last: false) },
        { "removeprefix", "prefix", (context, self, a) => RemoveAffix(context, self, a, atEnd: false) },
        { "removesuffix", "suffix", (context, self, a) => RemoveAffix(context, self, a, atEnd: true) },
        { "replace", "old new count?", (context, self, a) => Replace(context, self, a) },
        { "rfind", "sub start? end?", (context, self, a) => IntValue.Of(Find(context, self, a, last: true)) },
        { "rindex", "sub start? end?", (context, self, a) => IntValue.Of(Found(Find(context, self, a, last: true))) },
        { "rjust", "width fillchar?", (context, self, a) => Pad(context, self, a, '>') },
        { "rpartition", "sep", (context, self, a) => Partition(context, self, a, last: true) },
        { "rsplit", "sep? maxsplit?", (context, self, a) => Split(context, self, a, fromEnd: true) },
        { "rstrip", "chars?", (context, self, a) => Strip(context, self, a, left: false, right: true) },
        { "split", "sep? maxsplit?", (context, self, a) => Split(context, self, a, fromEnd: false) },
        { "splitlines", "keepends?", SplitLines },
        { "startswith", "prefix start? end?", (context, self, a) => Affix(context, self, a, atEnd: false) },
        { "strip", "chars?", (context, self, a) => Strip(context, self, a, left: true, right: true) },
        { "swapcase", "", (context, self, _) => New(context, self, SwapCase(Text(self))) },
        { "title", "", (context, self, _) => New(context, self, Title(Text(self))) },
        { "upper", "", (context, self, _) => New(context, self, CodePoints.Upper(Text(self))) },
        { "zfill", "width", ZeroFill },
    };

    /// <summary>Strips characters from the ends: white space, or those of <c>chars</c>.</summary>
    public static Value Strip(Interpreter context, Value self, Arguments arguments, bool left, bool right)
    {
        string text = Text(self);
        string? chars = OptionalText(arguments[0]);
        context.ChargeCharacters(text.Length);
        int start = 0;
        int end = text.Length;
        while (left && start < end && IsStripped(text[start], chars))
        {
            start++;
        }

        while (right && end > start && IsStripped(text[end - 1], chars))
        {
            end--;
        }

        return ((StringValue)self).With(text[start..end]);
    }

    /// <summary>Replaces the first so many occurrences, or all.</summary>
    public static StringValue Replace(Interpreter context, Value self, Arguments arguments)
    {
        string text = Text(self);
        string old = RequiredText(arguments.At(0));
        string replacement = RequiredText(arguments.At(1));
        int limit = Numbers.ToInt32(arguments[2], -1);
        context.ChargeCharacters(text.Length);
        var sink = new TextSink(context);
        int position = 0;
        for (int replaced = 0; limit < 0 || replaced < limit; replaced++)
        {
            // An empty pattern lies between all characters.
            int skipped = old.Length == 0 && replaced > 0 ? (position < text.Length ? CodePoints.LengthAt(text, position) : 1) : 0;
            if (position + skipped > text.Length)
            {
                break;
            }

            int found = old.Length == 0 ? position + skipped : text.IndexOf(old, position, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            sink.Append(text.AsSpan(position, found - position));
            sink.Append(replacement);
            position = found + old.Length;
        }

        sink.Append(text.AsSpan(Math.Min(position, text.Length)));
        return ((StringValue)self).With(sink.ToString());
    }

    public static bool IsCased(string text, bool upper)
    {
        bool any = false;
        foreach (char c in text)
        {
            if (upper ? char.IsLower(c) : char.IsUpper(c))
            {
                return false;
            }

            any |= upper ? char.IsUpper(c) : char.IsLower(c);
        }

        return any;
    }

    /// <summary>An argument that has to be a string.</summary>
    public static string RequiredText(Value value) =>
        value is StringValue text ? text.Text : throw Errors.Type($"must be str, not {value.TypeName}");

    private static string Text(Value self) => ((StringValue)self).Text;

    private static string? OptionalText(Value? value) => value is null or NoneValue ? null : RequiredText(value);

    private static StringValue New(Interpreter context, Value self, string text)
    {
        context.ChargeCharacters(text.Length);
        return ((StringValue)self).With(text);
    }

    private static bool IsStripped(char c, string? chars) => chars is null ? CodePoints.IsSpace(c) : chars.Contains(c);

    private static BoolValue All(Value self, Func<char, bool> test)
    {
        foreach (char c in Text(self))
        {
            if (!test(c))
            {
                return BoolValue.False;
            }
        }

        return BoolValue.Of(self.IsTrue);
    }

    /// <summary>The part of the text that the arguments <c>start</c> and <c>end</c> name, in UTF-16 units.</summary>
    private static (int Start, int End) Range(string text, Arguments arguments)
    {
        if (arguments[1] is null && arguments[2] is null)
        {
            return (0, text.Length);
        }

        int count = CodePoints.Count(text);
        int start = Position(Numbers.ToInt32(arguments[1], 0), count);
        int end = Position(Numbers.ToInt32(arguments[2], count), count);
        return start > end || Numbers.ToInt32(arguments[1], 0) > count
            ? (-1, -1)
            : (CodePoints.UnitAt(text, start), CodePoints.UnitAt(text, end));
    }

    private static int Position(int index, int count) => Math.Clamp(index < 0 ? index + count : index, 0, count);

    private static int Find(Interpreter context, Value self, Arguments arguments, bool last)
    {
        string text = Text(self);
        string part = RequiredText(arguments.At(0));
        context.ChargeCharacters(text.Length);
        (int start, int end) = Range(text, arguments);
        if (start < 0)
        {
            return -1;
        }

        ReadOnlySpan<char> range = text.AsSpan(start, end - start);
        int unit = last ? range.LastIndexOf(part) : range.IndexOf(part);
        return unit < 0 ? -1 : CodePoints.Count(text.AsSpan(0, start + unit));
    }

    private static int Found(int index) => index >= 0 ? index : throw Errors.Value("substring not found");

    private static IntValue Count(Interpreter context, Value self, Arguments arguments)
    {
        string text = Text(self);
        string part = RequiredText(arguments.At(0));
        context.ChargeCharacters(text.Length);
        (int start, int end) = Range(text, arguments);
        if (start < 0)
        {
            return IntValue.Zero;
        }

        ReadOnlySpan<char> range = text.AsSpan(start, end - start);
        return IntValue.Of(part.Length == 0 ? CodePoints.Count(range) + 1 : range.Count(part));
    }

    private static BoolValue Affix(Interpreter context, Value self, Arguments arguments, bool atEnd)
    {
        string text = Text(self);
        (int start, int end) = Range(text, arguments);
        Value[] candidates = arguments.At(0) is TupleValue tuple ? tuple.Items.ToArray() : [arguments.At(0)];
        foreach (Value candidate in candidates)
        {
            if (candidate is not StringValue affix)
            {
                string method = atEnd ? "endswith" : "startswith";
                throw Errors.Type($"{method} first arg must be str or a tuple of str, not {candidate.TypeName}");
            }

            context.ChargeCharacters(affix.Text.Length);
            ReadOnlySpan<char> range = start < 0 ? default : text.AsSpan(start, end - start);
            if (start >= 0 && (atEnd ? range.EndsWith(affix.Text) : range.StartsWith(affix.Text)))
            {
                return BoolValue.True;
            }
        }

        return BoolValue.False;
    }

    private static StringValue RemoveAffix(Interpreter context, Value self, Arguments arguments, bool atEnd)
    {
        string text = Text(self);
        string affix = RequiredText(arguments.At(0));
        return (atEnd ? text.EndsWith(affix, StringComparison.Ordinal) : text.StartsWith(affix, StringComparison.Ordinal))
            ? New(context, self, atEnd ? text[..^affix.Length] : text[affix.Length..])
            : (StringValue)self;
    }

    private static Value FormatMap(Interpreter context, Value self, Arguments arguments)
    {
        if (arguments.At(0) is not DictValue dict)
        {
            throw Errors.Type("format_map() argument must be a mapping");
        }

        var named = new List<KeyValuePair<string, Value>>();
        foreach (KeyValuePair<Value, Value> entry in dict.Entries)
        {
            named.Add(new(context.Text(entry.Key), entry.Value));
        }

        return BraceFormat.Apply(context, (StringValue)self, new Arguments([], named));
    }

    private static StringValue Join(Interpreter context, Value self, Arguments arguments)
    {
        var sink = new TextSink(context);
        IEnumerator<Value> items = context.Iterate(arguments.At(0));
        for (int i = 0; items.MoveNext(); i++)
        {
            context.Step();
            sink.Append(i > 0 ? Text(self) : "");
            sink.Append(items.Current is StringValue item
                ? item.Text
                : throw Errors.Type($"sequence item {i}: expected str instance, {items.Current.TypeName} found"));
        }

        return ((StringValue)self).With(sink.ToString());
    }

    private static StringValue Pad(Interpreter context, Value self, Arguments arguments, char align)
    {
        string fill = OptionalText(arguments[1]) ?? " ";
        if (CodePoints.Count(fill) != 1)
        {
            throw Errors.Type("The fill character must be exactly one character long");
        }

        var spec = new FormatSpec { Fill = fill, Align = align, Width = Numbers.ToInt32(arguments.At(0)) };
        return New(context, self, spec.Pad(context, Text(self), "", align));
    }

    private static StringValue ZeroFill(Interpreter context, Value self, Arguments arguments)
    {
        string text = Text(self);
        bool isSigned = text.StartsWith('-') || text.StartsWith('+');
        var spec = new FormatSpec { Fill = "0", Align = '=', Width = Numbers.ToInt32(arguments.At(0)) };
        return New(context, self, spec.Pad(context, isSigned ? text[1..] : text, isSigned ? text[..1] : "", '='));
    }

    private static StringValue ExpandTabs(Interpreter context, Value self, Arguments arguments)
    {
        int size = Math.Max(0, Numbers.ToInt32(arguments[0], 8));
        var sink = new TextSink(context);
        int column = 0;
        foreach (char c in Text(self))
        {
            if (c == '\t')
            {
                int spaces = size == 0 ? 0 : size - (column % size);
                sink.Append(' ', spaces);
                column += spaces;
            }
            else
            {
                sink.Append([c]);
                column = c is '\n' or '\r' ? 0 : column + 1;
            }
        }

        return ((StringValue)self).With(sink.ToString());
    }

    private static ListValue SplitLines(Interpreter context, Value self, Arguments arguments) =>
        List(context, self, CodePoints.Lines(Text(self), arguments[0] is { IsTrue: true }));

    private static TupleValue Partition(Interpreter context, Value self, Arguments arguments, bool last)
    {
        string text = Text(self);
        string separator = RequiredText(arguments.At(0));
        context.ChargeCharacters(text.Length);
        if (separator.Length == 0)
        {
            throw Errors.Value("empty separator");
        }

        int found = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = found >= 0
            ? [text[..found], separator, text[(found + separator.Length)..]]
            : last ? ["", "", text] : [text, "", ""];
        return new TupleValue(Array.ConvertAll(parts, part => (Value)((StringValue)self).With(part)));
    }

    private static ListValue Split(Interpreter context, Value self, Arguments arguments, bool fromEnd)
    {
        string text = Text(self);
        string? separator = OptionalText(arguments[0]);
        int limit = Numbers.ToInt32(arguments[1], -1);
        limit = limit < 0 ? int.MaxValue : limit;
        if (separator is { Length: 0 })
        {
            throw Errors.Value("empty separator");
        }

        // Splitting from the end is finding the parts backwards.
        List<string> parts = separator is null ? SplitSpace(text, limit, fromEnd) : SplitText(text, separator, limit, fromEnd);
        if (fromEnd)
        {
            parts.Reverse();
        }

        return List(context, self, parts);
    }

    private static List<string> SplitText(string text, string separator, int limit, bool fromEnd)
    {
        var parts = new List<string>();
        int start = 0;
        int end = text.Length;
        while (parts.Count < limit)
        {
            ReadOnlySpan<char> rest = text.AsSpan(start, end - start);
            int found = fromEnd ? rest.LastIndexOf(separator) : rest.IndexOf(separator);
            if (found < 0)
            {
                break;
            }

            parts.Add(fromEnd ? text[(start + found + separator.Length)..end] : text[start..(start + found)]);
            (start, end) = fromEnd ? (start, start + found) : (start + found + separator.Length, end);
        }

        parts.Add(text[start..end]);
        return parts;
    }

    private static List<string> SplitSpace(string text, int limit, bool fromEnd)
    {
        var parts = new List<string>();
        int start = 0;
        int end = text.Length;
        while (true)
        {
            while (start < end && CodePoints.IsSpace(fromEnd ? text[end - 1] : text[start]))
            {
                (start, end) = fromEnd ? (start, end - 1) : (start + 1, end);
            }

            if (start == end)
            {
                return parts;
            }

            int length = 0;
            while (length < end - start
                && (parts.Count == limit || !CodePoints.IsSpace(fromEnd ? text[end - 1 - length] : text[start + length])))
            {
                length++;
            }

            parts.Add(fromEnd ? text[(end - length)..end] : text[start..(start + length)]);
            (start, end) = fromEnd ? (start, end - length) : (start + length, end);
            if (parts.Count > limit)
            {
                // The part past the last split keeps the white space at its far end, not at its near one.
                return parts;
            }
        }
    }

    private static ListValue List(Interpreter context, Value self, List<string> parts)
    {
        context.ChargeCharacters(self.Weight);
        context.ChargeElements(parts.Count);
        var items = new Value[parts.Count];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = ((StringValue)self).With(parts[i]);
        }

        return new ListValue(items);
    }

    private static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            title.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }

        return title.ToString();
    }

    private static string SwapCase(string text) =>
        string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsUpper(source[i]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
            }
        });
}
