using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>The base of lists, tuples and ranges: values with elements by index.</summary>
internal abstract class SequenceValue : Value
{
    private readonly Value[] _items;
    private readonly int _weight;
    private readonly int _depth;

    protected SequenceValue(Value[] items)
    {
        _items = items;
        (_weight, _depth) = ContainerSize.Of(items);
    }

    public ReadOnlySpan<Value> Items => _items;

    public override bool IsTrue => _items.Length > 0;

    public override int Weight => _weight;

    public override int Depth => _depth;

    public override int? Length => _items.Length;

    public override IEnumerator<Value> Iterate(RenderContext context) => ((IEnumerable<Value>)_items).GetEnumerator();

    public override Value? FindItem(RenderContext context, Value key)
    {
        if (key is SliceValue slice)
        {
            (int start, int count, int step) = slice.Resolve(_items.Length);
            return With(Pick(context, start, count, step));
        }

        if (!Numbers.TryInteger(key, out Int128 index))
        {
            return null;
        }

        index += index < 0 ? _items.Length : 0;
        return index >= 0 && index < _items.Length ? _items[(int)index] : null;
    }

    /// <summary>Picks <paramref name="count"/> elements from an index on, <paramref name="step"/> apart.</summary>
    protected Value[] Pick(RenderContext context, int start, int count, int step)
    {
        context.ChargeElements(count);
        var part = new Value[count];
        for (int i = 0; i < count; i++)
        {
            part[i] = _items[start + (i * step)];
        }

        return part;
    }

    /// <summary>Creates a sequence of the same type with other elements.</summary>
    public abstract SequenceValue With(Value[] items);

    public override bool Equals(Value? other) => ReferenceEquals(this, other)
        || (other is SequenceValue sequence && sequence.GetType() == GetType() && Items.SequenceEqual(sequence.Items));

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Value item in _items)
        {
            hash.Add(item.GetHashCode());
        }

        return hash.ToHashCode();
    }
}

/// <summary>Python's <c>list</c>.</summary>
internal sealed class ListValue(Value[] items) : SequenceValue(items)
{
    public static readonly ListValue Empty = new([]);

    public override string TypeName => "list";

    public override SequenceValue With(Value[] items) => new ListValue(items);

    public override void WriteRepr(TextSink sink) => sink.AppendSequence("[", Items, "]");
}

/// <summary>Python's <c>tuple</c>, and the pair with named parts that <c>groupby</c> makes.</summary>
internal sealed class TupleValue(Value[] items, string[]? names = null) : SequenceValue(items)
{
    public override string TypeName => "tuple";

    public override Value? FindAttribute(RenderContext context, string name)
    {
        int named = names is null ? -1 : Array.IndexOf(names, name);
        return named >= 0 ? Items[named] : null;
    }

    public override SequenceValue With(Value[] items) => new TupleValue(items);

    public override void WriteRepr(TextSink sink) => sink.AppendSequence("(", Items, Items.Length == 1 ? ",)" : ")");
}

/// <summary>Python's <c>range</c> with at most <see cref="TemplateLimits.Range"/> elements.</summary>
internal sealed class RangeValue : SequenceValue
{
    private readonly Int128 _start;
    private readonly Int128 _stop;
    private readonly Int128 _step;

    private RangeValue(Value[] items, Int128 start, Int128 stop, Int128 step)
        : base(items) => (_start, _stop, _step) = (start, stop, step);

    public override string TypeName => "range";

    public static RangeValue Of(long start, long stop, long step)
    {
        if (step == 0)
        {
            throw Errors.Value("range() arg 3 must not be zero");
        }

        Int128 span = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 stride = Int128.Abs(step);
        Int128 count = span <= 0 ? 0 : (span + stride - 1) / stride;
        if (count > TemplateLimits.Range)
        {
            throw Errors.Overflow($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({TemplateLimits.Range}).");
        }

        var items = new Value[(int)count];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = IntValue.Of(start + (i * step));
        }

        return new RangeValue(items, start, stop, step);
    }

    public override Value? FindItem(RenderContext context, Value key)
    {
        if (key is not SliceValue slice)
        {
            return base.FindItem(context, key);
        }

        (int start, int count, int step) = slice.Resolve(Items.Length);
        (long first, long last, Int128 distance) = slice.Indices(Items.Length);
        Value[] items = Pick(context, start, count, step);
        return new RangeValue(items, _start + (first * _step), _start + (last * _step), distance * _step);
    }

    public override SequenceValue With(Value[] items) => new ListValue(items);

    public override void WriteRepr(TextSink sink) =>
        sink.Append(_step == 1 ? $"range({_start}, {_stop})" : $"range({_start}, {_stop}, {_step})");
}

/// <summary>Computes the weight and the depth of containers; they are checked when a container is made.</summary>
internal static class ContainerSize
{
    public static (int Weight, int Depth) Of(ReadOnlySpan<Value> items)
    {
        long weight = 8;
        int depth = 0;
        foreach (Value item in items)
        {
            weight += item.Weight;
            depth = Math.Max(depth, item.Depth);
        }

        return Check(weight, depth);
    }

    public static (int Weight, int Depth) Check(long weight, int depth)
    {
        if (weight > TemplateLimits.Weight)
        {
            throw Errors.Limit("the size of a value", TemplateLimits.Weight);
        }

        return depth < TemplateLimits.ValueDepth
            ? ((int)weight, depth + 1)
            : throw Errors.Limit("lists inside lists", TemplateLimits.ValueDepth);
    }
}
