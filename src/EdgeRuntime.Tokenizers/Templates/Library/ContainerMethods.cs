using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The methods of Python's types.</summary>
internal static class Methods
{
    /// <summary>Finds a method of a value; null if its type has none of that name.</summary>
    public static Value? Find(Value self, string name) => self switch
    {
        StringValue => StringMethods.Table.Bind(self, name),
        ListValue => ListMethods.Table.Bind(self, name),
        TupleValue => TupleMethods.Table.Bind(self, name),
        DictValue => DictMethods.Table.Bind(self, name),
        _ => null,
    };
}

/// <summary>The methods of Python's <c>list</c>. Those that modify the list are refused, as in Jinja's immutable sandbox.</summary>
internal static class ListMethods
{
    public static readonly FunctionTable Table = new("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort")
    {
        { "copy", "", (_, self, _) => self },
        { "count", "value", TupleMethods.Count },
        { "index", "value start? stop?", TupleMethods.Index },
    };
}

/// <summary>The methods of Python's <c>tuple</c>.</summary>
internal static class TupleMethods
{
    public static readonly FunctionTable Table = new()
    {
        { "count", "value", Count },
        { "index", "value start? stop?", Index },
    };

    public static Value Count(RenderContext context, Value self, Arguments arguments)
    {
        int count = 0;
        foreach (Value item in ((SequenceValue)self).Items)
        {
            count += Comparisons.Equal(context, item, arguments.At(0)) ? 1 : 0;
        }

        return IntValue.Of(count);
    }

    public static Value Index(RenderContext context, Value self, Arguments arguments)
    {
        ReadOnlySpan<Value> items = ((SequenceValue)self).Items;
        int start = Position(arguments[1], 0, items.Length);
        int stop = Position(arguments[2], items.Length, items.Length);
        for (int i = start; i < stop; i++)
        {
            if (Comparisons.Equal(context, items[i], arguments.At(0)))
            {
                return IntValue.Of(i);
            }
        }

        throw Errors.Value($"{context.Repr(arguments.At(0)).Text} is not in list");
    }

    private static int Position(Value? index, int missing, int count)
    {
        int position = Numbers.ToInt32(index, missing);
        return Math.Clamp(position < 0 ? position + count : position, 0, count);
    }
}

/// <summary>The methods of Python's <c>dict</c>. Those that modify the dict are refused.</summary>
internal static class DictMethods
{
    public static readonly FunctionTable Table = new("clear", "pop", "popitem", "setdefault", "update")
    {
        { "copy", "", (_, self, _) => self },
        { "get", "key default?", (context, self, a) => Get(context, (DictValue)self, a) },
        { "items", "", (_, self, _) => new DictView((DictValue)self, DictViewKind.Items) },
        { "keys", "", (_, self, _) => new DictView((DictValue)self, DictViewKind.Keys) },
        { "values", "", (_, self, _) => new DictView((DictValue)self, DictViewKind.Values) },
        { "fromkeys", "keys value?", FromKeys },
    };

    private static Value Get(RenderContext context, DictValue dict, Arguments arguments) =>
        dict.FindItem(context, DictValue.CheckKey(context, arguments.At(0))) ?? arguments[1] ?? NoneValue.Instance;

    private static DictValue FromKeys(RenderContext context, Value self, Arguments arguments)
    {
        var entries = new OrderedDictionary<Value, Value>();
        foreach (Value key in context.ToArray(arguments.At(0)))
        {
            entries[DictValue.CheckKey(context, key)] = arguments[1] ?? NoneValue.Instance;
        }

        return new DictValue(entries);
    }
}
