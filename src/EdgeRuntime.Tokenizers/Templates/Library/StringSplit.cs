using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The splitting methods of Python's <c>str</c>.</summary>
internal static class StringSplit
{
    public static Value Lines(RenderContext context, Value self, Arguments arguments)
    {
        var parts = new Parts(context, (StringValue)self);
        foreach ((int start, int end) in CodePoints.Lines(context.Read((StringValue)self), arguments[0] is { IsTrue: true }))
        {
            parts.Add(start, end);
        }

        return parts.ToList(reverse: false);
    }

    public static Value Partition(RenderContext context, Value self, Arguments arguments, bool last)
    {
        var value = (StringValue)self;
        StringValue separator = StringMethods.Required(arguments.At(0));
        if (separator.Text.Length == 0)
        {
            throw Errors.Value("empty separator");
        }

        int found = new TextSearch(context.Read(separator), last).Find(context.Read(value));
        if (found < 0)
        {
            StringValue nothing = value.With("");
            return new TupleValue(last ? [nothing, nothing, value] : [value, nothing, nothing]);
        }

        return new TupleValue(
            [value.Slice(0, found), value.Slice(found, separator.Text.Length), value.Slice(found + separator.Text.Length)]);
    }

    public static Value Split(RenderContext context, Value self, Arguments arguments, bool fromEnd)
    {
        var value = (StringValue)self;
        string text = context.Read(value);
        StringValue? separator = StringMethods.Optional(arguments[0]);
        int limit = Numbers.ToInt32(arguments[1], -1);
        limit = limit < 0 ? int.MaxValue : limit;
        if (separator is { Text.Length: 0 })
        {
            throw Errors.Value("empty separator");
        }

        // Splitting from the right finds the parts in reverse order.
        var parts = new Parts(context, value);
        if (separator is null)
        {
            SplitSpace(text, limit, fromEnd, parts);
        }
        else
        {
            SplitText(text, context.Read(separator), limit, fromEnd, parts);
        }

        return parts.ToList(reverse: fromEnd);
    }

    private static void SplitText(string text, string separator, int limit, bool fromEnd, Parts parts)
    {
        var search = new TextSearch(separator, fromEnd);
        int start = 0;
        int end = text.Length;
        while (parts.Count < limit)
        {
            int found = search.Find(text.AsSpan(start, end - start));
            if (found < 0)
            {
                break;
            }

            found += start;
            if (fromEnd)
            {
                parts.Add(found + separator.Length, end);
                end = found;
            }
            else
            {
                parts.Add(start, found);
                start = found + separator.Length;
            }
        }

        parts.Add(start, end);
    }

    private static void SplitSpace(string text, int limit, bool fromEnd, Parts parts)
    {
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
                return;
            }

            int length = 0;
            while (length < end - start
                && (parts.Count == limit || !CodePoints.IsSpace(fromEnd ? text[end - 1 - length] : text[start + length])))
            {
                length++;
            }

            parts.Add(fromEnd ? end - length : start, fromEnd ? end : start + length);
            (start, end) = fromEnd ? (start, end - length) : (start + length, end);
            if (parts.Count > limit)
            {
                // The part after the last split keeps its far white space and loses its near white space.
                return;
            }
        }
    }

    /// <summary>Collects the parts and charges for each before it is made.</summary>
    private sealed class Parts(RenderContext context, StringValue whole)
    {
        private readonly List<Value> _parts = [];
        private long _weight;

        public int Count => _parts.Count;

        public void Add(int start, int end)
        {
            context.ChargeElements(1);
            context.ChargeCharacters(end - start);
            StringValue part = whole.Slice(start, end - start);
            ContainerSize.Check(_weight += part.Weight, 0);
            _parts.Add(part);
        }

        public ListValue ToList(bool reverse)
        {
            if (reverse)
            {
                _parts.Reverse();
            }

            return new ListValue(_parts.ToArray());
        }
    }
}
