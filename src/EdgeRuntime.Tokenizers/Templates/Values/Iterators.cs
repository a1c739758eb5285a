using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// The result of <c>map</c>, <c>select</c> and similar filters: elements are computed on demand and only once. It is always true and has no
/// length.
/// </summary>
internal sealed class LazyValue : Value
{
    private readonly IEnumerator<Value> _items;
    private readonly string _typeName;

    /// <param name="source">The value that the elements are computed from.</param>
    /// <param name="items">Computes the elements.</param>
    /// <param name="typeName">The name of the iterator in Python.</param>
    public LazyValue(Value source, IEnumerator<Value> items, string typeName = "generator")
    {
        _items = items;
        _typeName = typeName;

        // Reading an element of a chain recurses through all of its links.
        Chain = source is LazyValue lazy ? lazy.Chain + 1 : 1;
        if (Chain > TemplateLimits.LazyDepth)
        {
            throw Errors.Limit("filters on filters of one sequence", TemplateLimits.LazyDepth);
        }
    }

    public override string TypeName => _typeName;

    private int Chain { get; }

    public override IEnumerator<Value> Iterate(RenderContext context) => _items;

    public override void WriteRepr(TextSink sink) => sink.Append($"<{_typeName} object>");
}

/// <summary>The keys, values or items of a dict. A view has a length and can be iterated, but not indexed.</summary>
internal sealed class DictView(DictValue dict, DictViewKind kind) : Value
{
    public override string TypeName => kind switch
    {
        DictViewKind.Keys => "dict_keys",
        DictViewKind.Values => "dict_values",
        _ => "dict_items",
    };

    public override bool IsTrue => dict.IsTrue;

    public override int Weight => dict.Weight;

    public override int Depth => dict.Depth;

    public override int? Length => dict.Length;

    public override IEnumerator<Value> Iterate(RenderContext context)
    {
        foreach (KeyValuePair<Value, Value> entry in dict.Entries)
        {
            yield return kind switch
            {
                DictViewKind.Keys => entry.Key,
                DictViewKind.Values => entry.Value,
                _ => new TupleValue([entry.Key, entry.Value]),
            };
        }
    }

    public override void WriteRepr(TextSink sink)
    {
        sink.Append(TypeName);
        sink.AppendSequence("([", sink.Context.ToArray(this), "])");
    }
}

internal enum DictViewKind
{
    Keys,
    Values,
    Items,
}
