using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// The variable <c>loop</c> of a <c>for</c>. It is also the iteration, which reads one element ahead if the template asks for the next one.
/// </summary>
internal sealed class LoopValue : Value
{
    private readonly int _depth0;
    private readonly Func<Value, int, StringValue>? _recurse;
    private IEnumerator<Value> _items;
    private Value? _ahead;
    private Value? _previous;
    private Value? _current;
    private Value[]? _changed;
    private int? _length;
    private int _index0 = -1;

    /// <param name="source">The iterated value.</param>
    /// <param name="items">The elements, filtered.</param>
    /// <param name="isFiltered">Whether a filter can have removed elements of <paramref name="source"/>.</param>
    /// <param name="depth0">The number of enclosing recursive loops.</param>
    /// <param name="recurse">Renders the loop over another iterable at a depth; null if the loop is not recursive.</param>
    public LoopValue(Value source, IEnumerator<Value> items, bool isFiltered, int depth0, Func<Value, int, StringValue>? recurse)
    {
        _items = items;
        _depth0 = depth0;
        _recurse = recurse;
        _length = isFiltered ? null : source.Length;
    }

    public override string TypeName => "LoopContext";

    public override bool IsCallable => true;

    public Value Current => _current!;

    /// <summary>Moves to the next element.</summary>
    public bool MoveNext()
    {
        Value? next = _ahead ?? (_items.MoveNext() ? _items.Current : null);
        _ahead = null;
        if (next is null)
        {
            return false;
        }

        _previous = _current;
        _current = next;
        _index0++;
        return true;
    }

    public override Value? FindAttribute(RenderContext context, string name) => name switch
    {
        "index" => IntValue.Of(_index0 + 1),
        "index0" => IntValue.Of(_index0),
        "first" => BoolValue.Of(_index0 == 0),
        "last" => BoolValue.Of(LookAhead() is null),
        "length" => IntValue.Of(CountAll(context)),
        "revindex" => IntValue.Of(CountAll(context) - _index0),
        "revindex0" => IntValue.Of(CountAll(context) - _index0 - 1),
        "previtem" => _previous ?? UndefinedValue.Because("there is no previous item"),
        "nextitem" => LookAhead() ?? UndefinedValue.Because("there is no next item"),
        "depth" => IntValue.Of(_depth0 + 1),
        "depth0" => IntValue.Of(_depth0),
        "cycle" => new BoundMethod(this, name, CycleFunction),
        "changed" => new BoundMethod(this, name, ChangedFunction),
        _ => null,
    };

    public override Value Call(RenderContext context, Arguments arguments)
    {
        if (_recurse is null)
        {
            throw Errors.Type("The loop must have the 'recursive' marker to be called recursively.");
        }

        return arguments.Count == 1
            ? _recurse(arguments.At(0), _depth0 + 1)
            : throw Errors.Type($"loop() takes one argument ({arguments.Count} given)");
    }

    public override void WriteRepr(TextSink sink) => sink.Append($"<LoopContext {_index0 + 1}/{CountAll(sink.Context)}>");

    private static readonly NativeFunction CycleFunction = new("*", static (_, self, arguments) =>
        arguments.Count > 0
            ? arguments.At(((LoopValue)self)._index0 % arguments.Count)
            : throw Errors.Type("no items for cycling given"));

    private static readonly NativeFunction ChangedFunction = new("*", static (context, self, arguments) =>
    {
        var loop = (LoopValue)self;
        var values = new Value[arguments.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = arguments.At(i);
            context.ChargeCharacters(values[i].Weight);
        }

        bool changed = loop._changed is null || !loop._changed.AsSpan().SequenceEqual(values);
        loop._changed = values;
        return BoolValue.Of(changed);
    });

    private Value? LookAhead() => _ahead ??= _items.MoveNext() ? _items.Current : null;

    private int CountAll(RenderContext context)
    {
        if (_length is null)
        {
            var rest = new List<Value>();
            while (_items.MoveNext())
            {
                context.Step();
                rest.Add(_items.Current);
            }

            _items = rest.GetEnumerator();
            _length = _index0 + 1 + (_ahead is null ? 0 : 1) + rest.Count;
        }

        return _length.Value;
    }
}
