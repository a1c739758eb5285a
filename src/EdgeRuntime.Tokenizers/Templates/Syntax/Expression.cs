using System.Collections.Generic;
using EdgeRuntime.Templates.Library;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>The base of template parts that have a value. Immutable, so that many threads can share a parsed template.</summary>
internal abstract class Expression(int line)
{
    /// <summary>Gets the line in the template, from 1.</summary>
    public int Line => line;

    public Value Evaluate(RenderContext context)
    {
        context.Step();
        return Compute(context);
    }

    /// <summary>Evaluates the expression in another scope.</summary>
    public Value EvaluateIn(RenderContext context, Scope scope)
    {
        Scope outer = context.Scope;
        context.Scope = scope;
        Value value = Evaluate(context);
        context.Scope = outer;
        return value;
    }

    protected abstract Value Compute(RenderContext context);
}

/// <summary>A literal.</summary>
internal sealed class ConstantExpression(int line, Value value) : Expression(line)
{
    protected override Value Compute(RenderContext context) => value;
}

/// <summary>A variable.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    public string Name => name;

    protected override Value Compute(RenderContext context) => context.FindName(context.Scope, name) ?? UndefinedValue.Name(name);
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed class SequenceExpression(int line, Expression[] items, bool isTuple) : Expression(line)
{
    public Expression[] Items => items;

    protected override Value Compute(RenderContext context)
    {
        var values = new Value[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            values[i] = items[i].Evaluate(context);
        }

        context.Line = Line;
        return isTuple ? new TupleValue(values) : new ListValue(values);
    }
}

/// <summary><c>{key: value}</c>.</summary>
internal sealed class DictExpression(int line, KeyValuePair<Expression, Expression>[] entries) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        var values = new OrderedDictionary<Value, Value>();
        foreach (KeyValuePair<Expression, Expression> entry in entries)
        {
            Value key = entry.Key.Evaluate(context);
            context.Line = Line;
            values[DictValue.CheckKey(context, key)] = entry.Value.Evaluate(context);
        }

        context.Line = Line;
        return new DictValue(values);
    }
}

/// <summary><c>value.name</c>.</summary>
internal sealed class AttributeExpression(int line, Expression owner, string name) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value value = owner.Evaluate(context);
        context.Line = Line;
        return context.GetAttribute(value, name);
    }
}

/// <summary><c>value[key]</c>.</summary>
internal sealed class ItemExpression(int line, Expression owner, Expression key) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value value = owner.Evaluate(context);
        Value item = key.Evaluate(context);
        context.Line = Line;
        return context.GetItem(value, item);
    }
}

/// <summary>The <c>start:stop:step</c> in a subscript.</summary>
internal sealed class SliceExpression(int line, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override Value Compute(RenderContext context) =>
        new SliceValue(Part(context, start), Part(context, stop), Part(context, step));

    private static Value Part(RenderContext context, Expression? part) => part is null ? NoneValue.Instance : part.Evaluate(context);
}

/// <summary><c>callee(arguments)</c>.</summary>
internal sealed class CallExpression(int line, Expression callee, ArgumentList arguments) : Expression(line)
{
    /// <summary>Calls the callee with an additional named argument: the body of a <c>call</c> block.</summary>
    public Value Call(RenderContext context, Value? caller)
    {
        Value function = callee.Evaluate(context);
        Arguments values = arguments.Evaluate(context, caller);
        context.Line = Line;
        return function.Call(context, values);
    }

    protected override Value Compute(RenderContext context) => Call(context, null);
}

/// <summary><c>value|filter</c>.</summary>
internal sealed class FilterExpression(Expression input, FilterCall filter) : Expression(filter.Line)
{
    protected override Value Compute(RenderContext context) => filter.Apply(context, input.Evaluate(context));
}

/// <summary>A filter with its arguments.</summary>
internal sealed record FilterCall(int Line, string Name, ArgumentList Arguments)
{
    public Value Apply(RenderContext context, Value input)
    {
        Arguments values = Arguments.Evaluate(context, null);
        context.Line = Line;
        return Filters.Apply(context, Name, input, values);
    }
}

/// <summary><c>value is test</c>.</summary>
internal sealed class TestExpression(int line, Expression input, string name, ArgumentList arguments, bool negated) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value value = input.Evaluate(context);
        Arguments values = arguments.Evaluate(context, null);
        context.Line = Line;
        return BoolValue.Of(Tests.Apply(context, name, value, values) != negated);
    }
}

/// <summary>The arguments of a call as written, including <c>*list</c> and <c>**dict</c>.</summary>
internal sealed record ArgumentList(
    Expression[] Positional, KeyValuePair<string, Expression>[] Named, Expression? MorePositional, Expression? MoreNamed)
{
    public static readonly ArgumentList Empty = new([], [], null, null);

    public Arguments Evaluate(RenderContext context, Value? caller)
    {
        if (ReferenceEquals(this, Empty) && caller is null)
        {
            return Arguments.None;
        }

        var positional = new List<Value>(Positional.Length);
        foreach (Expression argument in Positional)
        {
            positional.Add(argument.Evaluate(context));
        }

        if (MorePositional is not null)
        {
            positional.AddRange(context.ToArray(MorePositional.Evaluate(context)));
        }

        return new Arguments(positional.ToArray(), EvaluateNamed(context, caller));
    }

    private List<KeyValuePair<string, Value>> EvaluateNamed(RenderContext context, Value? caller)
    {
        var named = new List<KeyValuePair<string, Value>>();
        foreach (KeyValuePair<string, Expression> argument in Named)
        {
            named.Add(new(argument.Key, argument.Value.Evaluate(context)));
        }

        if (MoreNamed is not null)
        {
            if (MoreNamed.Evaluate(context) is not DictValue more)
            {
                throw Errors.Type("argument after ** must be a mapping");
            }

            context.ChargeElements(more.Entries.Count);
            foreach (KeyValuePair<Value, Value> argument in more.Entries)
            {
                named.Add(new(context.Text(argument.Key), argument.Value));
            }
        }

        if (caller is not null)
        {
            named.Add(new("caller", caller));
        }

        return named;
    }
}
