using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The <c>attribute</c> argument of a filter: names and integer indices, separated by dots.</summary>
internal readonly struct AttributePath
{
    private readonly Value[] _parts;
    private readonly Value? _missing;
    private readonly bool _ignoreCase;

    private AttributePath(Value[] parts, Value? missing, bool ignoreCase) => (_parts, _missing, _ignoreCase) = (parts, missing, ignoreCase);

    /// <param name="context">The rendering.</param>
    /// <param name="attribute">The path; null for the element itself.</param>
    /// <param name="missing">The value for a missing attribute; null for an undefined value.</param>
    /// <param name="ignoreCase">Whether strings are converted to lower case for comparison.</param>
    public static AttributePath Of(RenderContext context, Value? attribute, Value? missing = null, bool ignoreCase = false)
    {
        Value[] parts = attribute switch
        {
            null or NoneValue => [],
            StringValue text => Array.ConvertAll(Names(context, text, '.'), Part),
            _ => [attribute],
        };
        return new AttributePath(parts, missing is NoneValue ? null : missing, ignoreCase);
    }

    /// <summary>Splits names at separators, and charges for them before they are made.</summary>
    public static string[] Names(RenderContext context, StringValue names, char separator)
    {
        int count = context.Read(names).AsSpan().Count(separator) + 1;
        ContainerSize.Check((long)count * 8, 0);
        context.ChargeElements(count);
        return names.Text.Split(separator);
    }

    public Value Find(RenderContext context, Value item)
    {
        foreach (Value part in _parts)
        {
            context.Step();
            item = context.GetItem(item, part);
            item = item is UndefinedValue && _missing is not null ? _missing : item;
        }

        return _ignoreCase ? Lower(context, item) : item;
    }

    /// <summary>Converts strings to lower case and returns other values unchanged.</summary>
    public static Value Lower(RenderContext context, Value value) =>
        value is StringValue text ? TextMaps.Apply(context, text, TextMaps.Lower) : value;

    private static Value Part(string part) =>
        part.Length > 0 && part.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0 && NumberText.TryParseInteger(part, 10, out Int128 index)
            ? IntValue.Of(index)
            : new StringValue(part);
}
