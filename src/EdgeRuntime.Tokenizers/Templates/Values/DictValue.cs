using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>Python's <c>dict</c>, which keeps the order of insertion.</summary>
internal sealed class DictValue : Value
{
    private readonly OrderedDictionary<Value, Value> _entries;
    private readonly int _weight;
    private readonly int _depth;

    /// <param name="entries">The entries. The value takes ownership.</param>
    public DictValue(OrderedDictionary<Value, Value> entries)
    {
        _entries = entries;
        long weight = 8;
        int depth = 0;
        foreach (KeyValuePair<Value, Value> entry in entries)
        {
            weight += (long)entry.Key.Weight + entry.Value.Weight;
            depth = Math.Max(depth, Math.Max(entry.Key.Depth, entry.Value.Depth));
        }

        (_weight, _depth) = ContainerSize.Check(weight, depth);
    }

    public OrderedDictionary<Value, Value> Entries => _entries;

    public override string TypeName => "dict";

    public override bool IsTrue => _entries.Count > 0;

    public override int Weight => _weight;

    public override int Depth => _depth;

    public override int? Length => _entries.Count;

    /// <summary>Throws if Python cannot hash the key, and charges for the hash.</summary>
    public static Value CheckKey(RenderContext context, Value key)
    {
        context.ChargeCharacters(key.Weight);
        RequireHashable(key);
        return key;
    }

    public override IEnumerator<Value> Iterate(RenderContext context) => _entries.Keys.GetEnumerator();

    public override Value? FindItem(RenderContext context, Value key)
    {
        if (key is ListValue or DictValue or SliceValue)
        {
            return null;
        }

        context.ChargeCharacters(key.Weight);
        return _entries.GetValueOrDefault(key);
    }

    public override bool? Contains(RenderContext context, Value item) => _entries.ContainsKey(CheckKey(context, item));

    public override void WriteRepr(TextSink sink)
    {
        sink.Enter();
        sink.Append("{");
        string separator = "";
        foreach (KeyValuePair<Value, Value> entry in _entries)
        {
            sink.Append(separator);
            entry.Key.WriteRepr(sink);
            sink.Append(": ");
            entry.Value.WriteRepr(sink);
            separator = ", ";
        }

        sink.Append("}");
        sink.Leave();
    }

    public override bool Equals(Value? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is not DictValue dict || dict._entries.Count != _entries.Count)
        {
            return false;
        }

        foreach (KeyValuePair<Value, Value> entry in _entries)
        {
            if (!dict._entries.TryGetValue(entry.Key, out Value? value) || !entry.Value.Equals(value))
            {
                return false;
            }
        }

        return true;
    }

    public override int GetHashCode() => _entries.Count;

    private static void RequireHashable(Value key)
    {
        if (key is ListValue or DictValue or SliceValue)
        {
            throw Errors.Type($"unhashable type: '{key.TypeName}'");
        }

        if (key is TupleValue tuple)
        {
            foreach (Value item in tuple.Items)
            {
                RequireHashable(item);
            }
        }
    }
}
