using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The global functions of templates: those of Jinja and those that HF transformers adds.</summary>
internal static class Globals
{
    public static readonly FunctionTable Table = new()
    {
        { "cycler", "*", Cycler },
        { "dict", "*", Dict },
        { "joiner", "sep?", (_, _, a) => new JoinerValue(a[0] ?? new StringValue(", ")) },
        { "namespace", "*", Namespace },
        { "raise_exception", "message", (context, _, a) => throw Errors.Template(context.Text(a.At(0))) },
        { "range", "*", Range },
        { "strftime_now", "format", (context, _, a) => Strftime.Format(context, StringMethods.Required(a.At(0))) },
    };

    private static readonly Dictionary<string, Value> Functions =
        Table.ToDictionary(static name => name, static name => Table.Bind(NoneValue.Instance, name)!, StringComparer.Ordinal);

    /// <summary>Creates a scope with all global functions.</summary>
    public static Scope NewScope() => new(null, Functions);

    private static CyclerValue Cycler(RenderContext context, Value self, Arguments arguments) => arguments.Count > 0
        ? new CyclerValue(Positional(arguments))
        : throw Errors.Type("at least one item has to be provided");

    private static RangeValue Range(RenderContext context, Value self, Arguments arguments)
    {
        Value[] bounds = Positional(arguments);
        RangeValue range = Array.ConvertAll(bounds, Bound) switch
        {
            [long stop] => RangeValue.Of(0, stop, 1),
            [long start, long stop] => RangeValue.Of(start, stop, 1),
            [long start, long stop, long step] => RangeValue.Of(start, stop, step),
            [] => throw Errors.Type("range expected at least 1 argument, got 0"),
            _ => throw Errors.Type($"range expected at most 3 arguments, got {bounds.Length}"),
        };
        context.ChargeElements(range.Items.Length);
        return range;
    }

    private static long Bound(Value value) => Numbers.TryInteger(value, out Int128 number)
        ? (long)Int128.Clamp(number, -(1L << 60), 1L << 60)
        : throw Errors.Type($"'{value.TypeName}' object cannot be interpreted as an integer");

    private static DictValue Dict(RenderContext context, Value self, Arguments arguments) => new(Entries(context, "dict", arguments));

    private static NamespaceValue Namespace(RenderContext context, Value self, Arguments arguments)
    {
        var made = new NamespaceValue();
        foreach (KeyValuePair<Value, Value> entry in Entries(context, "namespace", arguments))
        {
            made.Set(context.Text(entry.Key), entry.Value);
        }

        return made;
    }

    /// <summary>Makes dict entries from a dict or pairs, and from named arguments.</summary>
    private static OrderedDictionary<Value, Value> Entries(RenderContext context, string function, Arguments arguments)
    {
        var entries = new OrderedDictionary<Value, Value>();
        if (arguments.Count > 1)
        {
            throw Errors.Type($"{function} expected at most 1 argument, got {arguments.Count}");
        }

        if (arguments.Count == 1)
        {
            Value source = arguments.At(0);
            foreach (Value pair in context.ToArray(source is DictValue dict ? new DictView(dict, DictViewKind.Items) : source))
            {
                Value[] parts = context.ToArray(pair);
                if (parts.Length != 2)
                {
                    throw Errors.Value("a dict is made of pairs of key and value");
                }

                entries[DictValue.CheckKey(context, parts[0])] = parts[1];
            }
        }

        foreach (KeyValuePair<string, Value> argument in arguments.Named)
        {
            context.ChargeName(argument.Key);
            entries[StringValue.OfData(argument.Key)] = argument.Value;
        }

        return entries;
    }

    private static Value[] Positional(Arguments arguments)
    {
        var values = new Value[arguments.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = arguments.At(i);
        }

        return values;
    }
}
