using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Templates.Values;

/// <summary>The state of one rendering: the visible names, the output, the current line, and the use of the limits.</summary>
internal sealed class RenderContext
{
    private readonly Func<Value, string, Value?> _methods;
    private readonly long _budget;
    private long _spent;
    private int _calls;

    /// <param name="variables">The variables of the template.</param>
    /// <param name="now">The time that the template sees.</param>
    /// <param name="methods">Finds a method of a Python type by value and name; returns null if the type has none of that name.</param>
    /// <param name="steps">The limit of steps.</param>
    public RenderContext(Scope variables, DateTimeOffset now, Func<Value, string, Value?> methods, int steps)
    {
        _methods = methods;
        Scope = new Scope(variables);
        Now = now;
        Output = new TextSink(this);
        _budget = (long)steps * TemplateLimits.CharactersPerStep;
    }

    /// <summary>Gets or sets the innermost scope of names.</summary>
    public Scope Scope { get; set; }

    /// <summary>Gets or sets the sink that receives text.</summary>
    public TextSink Output { get; set; }

    public DateTimeOffset Now { get; }

    /// <summary>Gets or sets the line of the template that is being evaluated, for error messages.</summary>
    public int Line { get; set; }

    /// <summary>Charges one step and checks that the stack has room for another.</summary>
    public void Step()
    {
        Charge(TemplateLimits.CharactersPerStep);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Errors.Template("the template nests too deeply for the stack of this thread");
        }
    }

    /// <summary>Charges for characters that will be read, compared or copied.</summary>
    public void ChargeCharacters(long count) => Charge(count);

    /// <summary>Charges one step for each element that will be visited or made.</summary>
    public void ChargeElements(long count) => Charge(count * TemplateLimits.CharactersPerStep);

    /// <summary>Gets the characters of a string and charges for them. Every operation that reads a whole string uses this method.</summary>
    public string Read(StringValue text)
    {
        Charge(text.Text.Length);
        return text.Text;
    }

    /// <summary>Charges for looking up a name in a number of tables.</summary>
    public void ChargeName(string name, int tables = 1) => Charge(tables * (2L + (name.Length / TemplateLimits.CharactersPerStep)));

    /// <summary>Finds the value of a name; null if neither the scope nor its parents have it.</summary>
    public Value? FindName(Scope scope, string name)
    {
        Value? value = scope.Find(name, out int tables);
        ChargeName(name, tables);
        return value;
    }

    /// <summary>Enters a macro or a turn of a recursive loop.</summary>
    public void EnterCall()
    {
        if (++_calls > TemplateLimits.CallDepth)
        {
            throw Errors.Limit("calls inside calls", TemplateLimits.CallDepth);
        }
    }

    public void LeaveCall() => _calls--;

    /// <summary>Python's <c>str(value)</c>; a string is returned unchanged, markup included.</summary>
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

    /// <summary>Gets the characters of Python's <c>str(value)</c>, for decisions based on them.</summary>
    public string Text(Value value) => Read(ToText(value));

    /// <summary>Python's <c>repr(value)</c>.</summary>
    public StringValue Repr(Value value)
    {
        var sink = new TextSink(this);
        value.WriteRepr(sink);
        return sink.ToValue();
    }

    /// <summary>Creates a string value from computed text and charges for it.</summary>
    public StringValue NewString(string text)
    {
        CheckLength(text.Length);
        return text.Length == 0 ? StringValue.Empty : new StringValue(text);
    }

    /// <summary>Charges for text before it is made, and throws if it would be too long.</summary>
    public void CheckLength(long characters)
    {
        if (characters > TemplateLimits.Weight)
        {
            throw Errors.Limit("characters of text", TemplateLimits.Weight);
        }

        ChargeCharacters(characters);
    }

    /// <summary>Starts an iteration.</summary>
    /// <exception cref="TemplateException">The value cannot be iterated.</exception>
    public IEnumerator<Value> Iterate(Value value) =>
        value.Iterate(this) ?? throw Errors.Type($"'{value.TypeName}' object is not iterable");

    /// <summary>Gets the elements of an iterable value.</summary>
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

    /// <summary>Finds an attribute or a method of a value, never an item; null if there is none of that name.</summary>
    public Value? FindAttribute(Value value, string name) => value.FindAttribute(this, name) ?? _methods(value, name);

    /// <summary>Evaluates <c>value.name</c>: attributes of the object first, then its items.</summary>
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

    /// <summary>Evaluates <c>value[key]</c>: items of the object first, then its attributes.</summary>
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

    /// <summary>Throws if the value is undefined.</summary>
    public Value Defined(Value value) => value is UndefinedValue undefined ? throw undefined.Error(this) : value;

    private static bool IsInternal(string name) => name.StartsWith("__", StringComparison.Ordinal);

    // One unit is one character; a step is CharactersPerStep units.
    private void Charge(long units)
    {
        _spent += units;
        if (_spent > _budget)
        {
            throw Errors.Limit("steps of work", _budget / TemplateLimits.CharactersPerStep);
        }
    }
}
