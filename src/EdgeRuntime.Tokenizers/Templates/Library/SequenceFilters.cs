using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The filters that work on whole sequences.</summary>
internal static class SequenceFilters
{
    public static Value Length(RenderContext context, Value value, Arguments arguments) =>
        IntValue.Of(value.Length ?? throw Errors.Type($"object of type '{value.TypeName}' has no len()"));

    public static Value First(RenderContext context, Value value, Arguments arguments)
    {
        IEnumerator<Value> items = context.Iterate(value);
        return items.MoveNext() ? items.Current : UndefinedValue.Because("No first item, sequence was empty.");
    }

    public static Value Last(RenderContext context, Value value, Arguments arguments)
    {
        if (value is LazyValue)
        {
            throw Errors.Type($"'{value.TypeName}' object is not reversible");
        }

        Value[] items = context.ToArray(value);
        return items.Length > 0 ? items[^1] : UndefinedValue.Because("No last item, sequence was empty.");
    }

    public static Value Reverse(RenderContext context, Value value, Arguments arguments)
    {
        if (value is StringValue text)
        {
            return text.FindItem(context, new SliceValue(NoneValue.Instance, NoneValue.Instance, IntValue.Of(-1)))!;
        }

        Value[] items = context.ToArray(value);
        Array.Reverse(items);
        return value is LazyValue
            ? new ListValue(items)
            : new LazyValue(value, ((IEnumerable<Value>)items).GetEnumerator(), $"{value.TypeName}_reverseiterator");
    }

    public static Value Items(RenderContext context, Value value, Arguments arguments) => value switch
    {
        UndefinedValue => new LazyValue(value, ListValue.Empty.Iterate(context)),
        DictValue dict => new LazyValue(value, new DictView(dict, DictViewKind.Items).Iterate(context)),
        _ => throw Errors.Type("Can only get item pairs from a mapping."),
    };

    public static Value Sort(RenderContext context, Value value, Arguments arguments)
    {
        bool ignoreCase = arguments[1] is not { IsTrue: true };
        string[] names = arguments[2] is StringValue text ? AttributePath.Names(context, text, ',') : [];
        AttributePath[] paths = names.Length == 0
            ? [AttributePath.Of(context, arguments[2], ignoreCase: ignoreCase)]
            : Array.ConvertAll(names, name => AttributePath.Of(context, new StringValue(name), ignoreCase: ignoreCase));
        Value Key(Value item)
        {
            context.ChargeElements(paths.Length);
            return new ListValue(Array.ConvertAll(paths, path => path.Find(context, item)));
        }

        return new ListValue(Sorting.Sort(context, context.ToArray(value), Key, arguments[0] is { IsTrue: true }));
    }

    public static Value DictSort(RenderContext context, Value value, Arguments arguments)
    {
        string by = arguments[1] is null ? "key" : context.Text(arguments[1]!);
        int index = by == "key" ? 0 : by == "value" ? 1 : throw Errors.Template("You can only sort by either \"key\" or \"value\"");
        bool ignoreCase = arguments[0] is not { IsTrue: true };
        context.Defined(value);
        if (value is not DictValue dict)
        {
            throw Errors.Template($"'{value.TypeName} object' has no attribute 'items'");
        }

        Value Key(Value pair)
        {
            Value part = ((TupleValue)pair).Items[index];
            return ignoreCase ? AttributePath.Lower(context, part) : part;
        }

        Value[] pairs = context.ToArray(new DictView(dict, DictViewKind.Items));
        return new ListValue(Sorting.Sort(context, pairs, Key, arguments[2] is { IsTrue: true }));
    }

    public static Value Unique(RenderContext context, Value value, Arguments arguments)
    {
        var path = AttributePath.Of(context, arguments[1], ignoreCase: arguments[0] is not { IsTrue: true });
        return new LazyValue(value, Distinct(context, context.Iterate(value), path));
    }

    public static Value Extreme(RenderContext context, Value value, Arguments arguments, bool greatest)
    {
        var path = AttributePath.Of(context, arguments[1], ignoreCase: arguments[0] is not { IsTrue: true });
        IEnumerator<Value> items = context.Iterate(value);
        Value? best = null;
        Value? bestKey = null;
        while (items.MoveNext())
        {
            context.Step();
            Value key = path.Find(context, items.Current);
            if (bestKey is null || (greatest ? Comparisons.Greater(context, key, bestKey) : Comparisons.Less(context, key, bestKey)))
            {
                (best, bestKey) = (items.Current, key);
            }
        }

        return best ?? UndefinedValue.Because("No aggregated item, sequence was empty.");
    }

    public static Value Sum(RenderContext context, Value value, Arguments arguments)
    {
        var path = AttributePath.Of(context, arguments[0]);
        Value sum = arguments[1] ?? IntValue.Zero;
        if (sum is StringValue)
        {
            throw Errors.Type("sum() can't sum strings [use ''.join(seq) instead]");
        }

        IEnumerator<Value> items = context.Iterate(value);
        while (items.MoveNext())
        {
            context.Step();
            sum = Arithmetic.Add(context, sum, path.Find(context, items.Current));
        }

        return sum;
    }

    public static Value GroupBy(RenderContext context, Value value, Arguments arguments)
    {
        bool ignoreCase = arguments[2] is not { IsTrue: true };
        var path = AttributePath.Of(context, arguments.At(0), arguments[1], ignoreCase);
        var shown = AttributePath.Of(context, arguments.At(0), arguments[1]);
        Value[] items = Sorting.Sort(context, context.ToArray(value), item => path.Find(context, item), reverse: false);
        var groups = new List<Value>();
        for (int start = 0, end; start < items.Length; start = end)
        {
            Value key = path.Find(context, items[start]);
            for (end = start + 1; end < items.Length && Comparisons.Equal(context, key, path.Find(context, items[end]));)
            {
                end++;
            }

            groups.Add(new TupleValue([shown.Find(context, items[start]), new ListValue(items[start..end])], ["grouper", "list"]));
        }

        return new ListValue(groups.ToArray());
    }

    public static Value Batch(RenderContext context, Value value, Arguments arguments)
    {
        int size = Numbers.ToInt32(arguments.At(0));
        Value[] items = context.ToArray(value);
        var batches = new List<Value>();
        for (int start = 0; start < items.Length; start += size)
        {
            if (size <= 0)
            {
                throw Errors.Value("batches need at least one item");
            }

            int end = (int)Math.Min((long)start + size, items.Length);
            batches.Add(Filled(context, items.AsSpan(start, end - start), end - start < size ? arguments[1] : null, size - (end - start)));
            if (end == items.Length)
            {
                break;
            }
        }

        return new LazyValue(value, batches.GetEnumerator());
    }

    public static Value Slice(RenderContext context, Value value, Arguments arguments)
    {
        int count = Numbers.ToInt32(arguments.At(0));
        Value[] items = context.ToArray(value);
        if (count <= 0)
        {
            throw count == 0 ? Errors.Division("integer division or modulo by zero") : Errors.Value("slices need at least one part");
        }

        return new LazyValue(value, Slices(context, items, count, arguments[1]));
    }

    private static IEnumerator<Value> Slices(RenderContext context, Value[] items, int count, Value? fill)
    {
        int size = items.Length / count;
        int longer = items.Length % count;
        for (int i = 0, start = 0; i < count; i++)
        {
            context.Step();
            int length = size + (i < longer ? 1 : 0);
            yield return Filled(context, items.AsSpan(start, length), i >= longer ? fill : null, 1);
            start += length;
        }
    }

    private static ListValue Filled(RenderContext context, ReadOnlySpan<Value> items, Value? fill, int missing)
    {
        if (fill is null or NoneValue)
        {
            return new ListValue(items.ToArray());
        }

        ContainerSize.Check((long)missing * Math.Max(8, fill.Weight), 0);
        context.ChargeElements(missing);
        var filled = new Value[items.Length + missing];
        items.CopyTo(filled);
        Array.Fill(filled, fill, items.Length, missing);
        return new ListValue(filled);
    }

    private static IEnumerator<Value> Distinct(RenderContext context, IEnumerator<Value> items, AttributePath path)
    {
        var seen = new HashSet<Value>();
        while (items.MoveNext())
        {
            context.Step();
            Value key = DictValue.CheckKey(context, path.Find(context, items.Current));
            if (seen.Add(key))
            {
                yield return items.Current;
            }
        }
    }
}
