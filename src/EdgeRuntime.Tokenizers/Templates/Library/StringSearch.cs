using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The searching methods of Python's <c>str</c>.</summary>
internal static class StringSearch
{
    /// <summary>Finds the first or last occurrence; returns its index in code points, or -1.</summary>
    public static int Find(RenderContext context, Value self, Arguments arguments, bool last)
    {
        var value = (StringValue)self;
        var search = new TextSearch(context.Read(StringMethods.Required(arguments.At(0))), last);
        if (!TryGetRange(context, value, arguments, out int start, out int end))
        {
            return -1;
        }

        string text = context.Read(value);
        int unit = search.Find(text.AsSpan(start, end - start));
        return unit < 0 ? -1 : CodePoints.Count(text.AsSpan(0, start + unit));
    }

    public static Value Index(RenderContext context, Value self, Arguments arguments, bool last)
    {
        int index = Find(context, self, arguments, last);
        return index >= 0 ? IntValue.Of(index) : throw Errors.Value("substring not found");
    }

    public static Value Count(RenderContext context, Value self, Arguments arguments)
    {
        var value = (StringValue)self;
        StringValue part = StringMethods.Required(arguments.At(0));
        if (!TryGetRange(context, value, arguments, out int start, out int end))
        {
            return IntValue.Zero;
        }

        ReadOnlySpan<char> rest = context.Read(value).AsSpan(start, end - start);
        if (part.Text.Length == 0)
        {
            return IntValue.Of(CodePoints.Count(rest) + 1);
        }

        var search = new TextSearch(context.Read(part));
        int count = 0;
        for (int found; (found = search.Find(rest)) >= 0; count++)
        {
            rest = rest[(found + part.Text.Length)..];
        }

        return IntValue.Of(count);
    }

    /// <summary>Replaces the first occurrences, up to a count, or all.</summary>
    public static StringValue Replace(RenderContext context, StringValue self, Arguments arguments)
    {
        string text = context.Read(self);
        string old = context.Read(StringMethods.Required(arguments.At(0)));
        StringValue replacement = StringMethods.Required(arguments.At(1));
        int limit = Numbers.ToInt32(arguments[2], -1);
        var search = new TextSearch(old);
        var sink = new TextSink(context);
        int position = 0;
        for (int replaced = 0; limit < 0 || replaced < limit; replaced++)
        {
            // An empty pattern matches between all characters.
            int skipped = old.Length == 0 && replaced > 0 ? (position < text.Length ? CodePoints.LengthAt(text, position) : 1) : 0;
            if (position + skipped > text.Length)
            {
                break;
            }

            int found = old.Length == 0 ? skipped : search.Find(text.AsSpan(position));
            if (found < 0)
            {
                break;
            }

            sink.Append(self, position, found);
            sink.Append(replacement);
            position += found + old.Length;
        }

        sink.Append(self, position, text.Length - position);
        return sink.ToValue(self.IsMarkup);
    }

    /// <summary>Gets whether the text begins or ends with one of the given texts.</summary>
    public static Value HasAffix(RenderContext context, Value self, Arguments arguments, bool atEnd)
    {
        var value = (StringValue)self;
        bool inside = TryGetRange(context, value, arguments, out int start, out int end);
        Value[] candidates = arguments.At(0) is TupleValue tuple ? context.ToArray(tuple) : [arguments.At(0)];
        foreach (Value candidate in candidates)
        {
            if (candidate is not StringValue affix)
            {
                string method = atEnd ? "endswith" : "startswith";
                throw Errors.Type($"{method} first arg must be str or a tuple of str, not {candidate.TypeName}");
            }

            if (inside && IsAffix(context, value.Text.AsSpan(start, end - start), affix, atEnd))
            {
                return BoolValue.True;
            }
        }

        return BoolValue.False;
    }

    public static Value RemoveAffix(RenderContext context, Value self, Arguments arguments, bool atEnd)
    {
        var value = (StringValue)self;
        StringValue affix = StringMethods.Required(arguments.At(0));
        if (!IsAffix(context, value.Text, affix, atEnd))
        {
            return value;
        }

        int kept = value.Text.Length - affix.Text.Length;
        context.ChargeCharacters(kept);
        return value.Slice(atEnd ? 0 : affix.Text.Length, kept);
    }

    private static bool IsAffix(RenderContext context, ReadOnlySpan<char> text, StringValue affix, bool atEnd) =>
        affix.Text.Length <= text.Length && (atEnd ? text.EndsWith(context.Read(affix)) : text.StartsWith(context.Read(affix)));

    /// <summary>Gets the range, in UTF-16 units, of the arguments <c>start</c> and <c>end</c>; false if the range is invalid.</summary>
    private static bool TryGetRange(RenderContext context, StringValue value, Arguments arguments, out int start, out int end)
    {
        start = 0;
        end = value.Text.Length;
        if (arguments[1] is null && arguments[2] is null)
        {
            return true;
        }

        int count = value.Length!.Value;
        int first = Numbers.ToInt32(arguments[1], 0);
        start = value.UnitAt(context, Position(first, count));
        end = value.UnitAt(context, Position(Numbers.ToInt32(arguments[2], count), count));
        return start <= end && first <= count;
    }

    private static int Position(int index, int count) => Math.Clamp(index < 0 ? index + count : index, 0, count);
}
