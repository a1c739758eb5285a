using System;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>The <c>attribute</c> of a filter: names with dots between them, and whole numbers for indexes.</summary>
internal readonly struct AttributePath
{
    private readonly Value[] _parts;
    private readonly Value? _missing;
    private readonly bool _ignoreCase;

    private AttributePath(Value[] parts, Value? missing, bool ignoreCase) => (_parts, _missing, _ignoreCase) = (parts, missing, ignoreCase);

    /// <param name="context">The rendering.</param>
    /// <param name="attribute">The path; null for the element itself.</param>
    /// <param name="missing">What stands for an attribute that isn't there; null for an undefined value.</param>
    /// <param name="ignoreCase">Whether strings are taken in lower case, to be compared.</param>
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

    /// <summary>The names between separators, paid for before they are made.</summary>
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

    /// <summary>Strings in lower case, all else as it is.</summary>
    public static Value Lower(RenderContext context, Value value) =>
        value is StringValue text ? TextMaps.Apply(context, text, TextMaps.Lower) : value;

    private static Value Part(string part) =>
        part.Length > 0 && part.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0 && NumberText.TryParseInteger(part, 10, out Int128 index)
            ? IntValue.Of(index)
            : new StringValue(part);
}
