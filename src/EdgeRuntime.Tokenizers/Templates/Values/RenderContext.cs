using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>One rendering: the names in sight, the text written so far, the place, and what of the limits is used up.</summary>
internal sealed class RenderContext
{
    private readonly Func<Value, string, Value?> _methods;
    private readonly long _budget;
    private long _spent;
    private int _calls;

    /// <param name="variables">The names that the template sees.</param>
    /// <param name="now">The time that the template sees.</param>
    /// <param name="methods">The methods of Python's types: of a value by name, null where its type has none of that name.</param>
    /// <param name="steps">The limit of steps.</param>
    public RenderContext(Scope variables, DateTimeOffset now, Func<Value, string, Value?> methods, int steps)
    {
        _methods = methods;
        Scope = new Scope(variables);
        Now = now;
        Output = new TextSink(this);
        _budget = (long)steps * TemplateLimits.CharactersPerStep;
    }

    /// <summary>The names in sight.</summary>
    public Scope Scope { get; set; }

    /// <summary>Where text is written.</summary>
    public TextSink Output { get; set; }

    public DateTimeOffset Now { get; }

    /// <summary>The template's line that is evaluated, for error messages.</summary>
    public int Line { get; set; }

    /// <summary>Pays for one step, and checks that the stack has room for the next.</summary>
    public void Step()
    {
        Charge(TemplateLimits.CharactersPerStep);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Errors.Template("the template nests too deeply for the stack of this thread");
        }
    }

    /// <summary>Pays for characters that are about to be read, compared or copied.</summary>
    public void ChargeCharacters(long count) => Charge(count);

    /// <summary>Pays for elements that are about to be visited or made: a step each.</summary>
    public void ChargeElements(long count) => Charge(count * TemplateLimits.CharactersPerStep);

    /// <summary>The characters of a string, paid for. Whatever reads a whole string gets it here.</summary>
    public string Read(StringValue text)
    {
        Charge(text.Text.Length);
        return text.Text;
    }

    /// <summary>Pays for a look-up by name in so many tables.</summary>
    public void ChargeName(string name, int tables = 1) => Charge(tables * (2L + (name.Length / TemplateLimits.CharactersPerStep)));

    /// <summary>The value of a name; null where a scope and those around it have none.</summary>
    public Value? FindName(Scope scope, string name)
    {
        Value? value = scope.Find(name, out int tables);
        ChargeName(name, tables);
        return value;
    }

    /// <summary>Enters a macro or another turn of a recursive loop.</summary>
    public void EnterCall()
    {
        if (++_calls > TemplateLimits.CallDepth)
        {
            throw Errors.Limit("calls inside calls", TemplateLimits.CallDepth);
        }
    }

    public void LeaveCall() => _calls--;

    /// <summary>Python's <c>str(value)</c>: a string is its own, a marked-up one included.</summary>
    public StringValue ToText(Value value)
    {
        if (value is StringValue text)
        {
            return text;
        }

        var sink = new TextSink(this);
        value.WriteText(sink);
        return sink.ToValue();
    }

    /// <summary>The characters of Python's <c>str(value)</c>, for what is decided by them.</summary>
    public string Text(Value value) => Read(ToText(value));

    /// <summary>Python's <c>repr(value)</c>.</summary>
    public StringValue Repr(Value value)
    {
        var sink = new TextSink(this);
        value.WriteRepr(sink);
        return sink.ToValue();
    }

    /// <summary>A string value for text that was computed, paid for.</summary>
    public StringValue NewString(string text)
    {
        CheckLength(text.Length);
        return text.Length == 0 ? StringValue.Empty : new StringValue(text);
    }

    /// <summary>Pays for text before it is made, and refuses what would be too long.</summary>
    public void CheckLength(long characters)
    {
        if (characters > TemplateLimits.Weight)
        {
            throw Errors.Limit("characters of text", TemplateLimits.Weight);
        }

        ChargeCharacters(characters);
    }

    /// <summary>Starts an iteration.</summary>
    /// <exception cref="TemplateException">The value can't be iterated.</exception>
    public IEnumerator<Value> Iterate(Value value) =>
        value.Iterate(this) ?? throw Errors.Type($"'{value.TypeName}' object is not iterable");

    /// <summary>The elements of whatever can be iterated.</summary>
    public Value[] ToArray(Value value)
    {
        if (value is SequenceValue sequence)
        {
            ChargeElements(sequence.Items.Length);
            return sequence.Items.ToArray();
        }

        var items = new List<Value>();
        long weight = 0;
        IEnumerator<Value> elements = Iterate(value);
        while (elements.MoveNext())
        {
            Step();
            weight += elements.Current.Weight;
            ContainerSize.Check(weight, 0);
            items.Add(elements.Current);
        }

        return items.ToArray();
    }

    /// <summary>The attributes and methods of a value, never its items; null where there is none of that name.</summary>
    public Value? FindAttribute(Value value, string name) => value.FindAttribute(this, name) ?? _methods(value, name);

    /// <summary><c>value.name</c>: the object's own attributes first, then its items.</summary>
    public Value GetAttribute(Value value, string name)
    {
        ChargeName(name);
        if (value is not UndefinedValue && IsInternal(name))
        {
            return UndefinedValue.Unsafe(value, name);
        }

        Value? found = FindAttribute(value, name);
        if (found is not null)
        {
            return found;
        }

        var key = new StringValue(name);
        return value.FindItem(this, key) ?? UndefinedValue.Member(value, key);
    }

    /// <summary><c>value[key]</c>: the object's items first, then its attributes.</summary>
    public Value GetItem(Value value, Value key)
    {
        Value? found = value.FindItem(this, key);
        if (found is not null)
        {
            return found;
        }

        if (key is StringValue name)
        {
            ChargeName(name.Text);
            if (IsInternal(name.Text))
            {
                return UndefinedValue.Unsafe(value, name.Text);
            }

            found = FindAttribute(value, name.Text);
        }

        return found ?? UndefinedValue.Member(value, key);
    }

    /// <summary>Refuses an undefined value.</summary>
    public Value Defined(Value value) => value is UndefinedValue undefined ? throw undefined.Error(this) : value;

    private static bool IsInternal(string name) => name.StartsWith("__", StringComparison.Ordinal);

    // One unit is a character; a step is CharactersPerStep of them.
    private void Charge(long units)
    {
        _spent += units;
        if (_spent > _budget)
        {
            throw Errors.Limit("steps of work", _budget / TemplateLimits.CharactersPerStep);
        }
    }
}
