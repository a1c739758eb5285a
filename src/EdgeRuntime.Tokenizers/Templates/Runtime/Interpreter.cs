using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using EdgeRuntime.Tokenizers.Templates.Library;
using EdgeRuntime.Tokenizers.Templates.Syntax;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Runtime;

/// <summary>One rendering: the names in sight, the text written so far, the place, and what of the limits is used up.</summary>
internal sealed class Interpreter
{
    private readonly long _budget;
    private long _spent;
    private int _calls;

    /// <param name="variables">The names that the template sees.</param>
    /// <param name="now">The time that the template sees.</param>
    /// <param name="steps">The limit of steps.</param>
    public Interpreter(Scope variables, DateTimeOffset now, int steps = TemplateLimits.Steps)
    {
        Scope = new Scope(variables);
        Now = now;
        Output = new TextSink(this);
        _budget = (long)steps * TemplateLimits.CharactersPerStep;
    }

    public Scope Scope { get; private set; }

    public TextSink Output { get; private set; }

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

    public Flow Execute(Statement[] body)
    {
        foreach (Statement statement in body)
        {
            Flow flow = statement.Execute(this);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>Executes a body whose assignments stay inside.</summary>
    public Flow ExecuteIn(Scope scope, Statement[] body)
    {
        Scope outer = Scope;
        Scope = scope;
        Flow flow = Execute(body);
        Scope = outer;
        return flow;
    }

    /// <summary>Evaluates an expression with the names of another scope.</summary>
    public Value EvaluateIn(Scope scope, Expression expression)
    {
        Scope outer = Scope;
        Scope = scope;
        Value value = expression.Evaluate(this);
        Scope = outer;
        return value;
    }

    /// <summary>Executes a body and returns what it writes.</summary>
    public StringValue Capture(Scope scope, Statement[] body)
    {
        TextSink outer = Output;
        Output = new TextSink(this);
        ExecuteIn(scope, body);
        StringValue text = Output.ToValue();
        Output = outer;
        return text;
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
    /// <exception cref="ChatTemplateException">The value can't be iterated.</exception>
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

    /// <summary><c>value.name</c>: the object's own attributes first, then its items.</summary>
    public Value GetAttribute(Value value, string name)
    {
        ChargeName(name);
        if (value is not UndefinedValue && IsInternal(name))
        {
            return UndefinedValue.Unsafe(value, name);
        }

        Value? found = value.FindAttribute(this, name);
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

            found = value.FindAttribute(this, name.Text);
        }

        return found ?? UndefinedValue.Member(value, key);
    }

    /// <summary>Refuses an undefined value.</summary>
    public Value Defined(Value value) => value is UndefinedValue undefined ? throw undefined.Error(this) : value;

    public Value ApplyFilter(string name, Value value, Arguments arguments) =>
        (Filters.Table.Find(name) ?? throw Errors.Template($"No filter named '{name}'.")).Invoke(name, this, value, arguments);

    public bool ApplyTest(string name, Value value, Arguments arguments) =>
        (Tests.Table.Find(name) ?? throw Errors.Template($"No test named '{name}'.")).Invoke(name, this, value, arguments).IsTrue;

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
