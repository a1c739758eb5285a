using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>How execution continues after a statement.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>The base of template parts that are executed. Immutable, like expressions.</summary>
internal abstract class Statement
{
    public abstract Flow Execute(RenderContext context);
}

/// <summary>Executes sequences of statements.</summary>
internal static class StatementList
{
    public static Flow Execute(this Statement[] body, RenderContext context)
    {
        foreach (Statement statement in body)
        {
            Flow flow = statement.Execute(context);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>Executes a body in a scope of its own.</summary>
    public static Flow ExecuteIn(this Statement[] body, RenderContext context, Scope scope)
    {
        Scope outer = context.Scope;
        context.Scope = scope;
        Flow flow = body.Execute(context);
        context.Scope = outer;
        return flow;
    }

    /// <summary>Executes a body and returns the text that it writes.</summary>
    public static StringValue Capture(this Statement[] body, RenderContext context, Scope scope)
    {
        TextSink outer = context.Output;
        context.Output = new TextSink(context);
        body.ExecuteIn(context, scope);
        StringValue text = context.Output.ToValue();
        context.Output = outer;
        return text;
    }
}

/// <summary>Text outside of tags.</summary>
internal sealed class DataStatement(string text) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        context.Step();
        context.Output.Append(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class OutputStatement(Expression value) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        value.Evaluate(context).WriteText(context.Output);
        return Flow.Next;
    }
}

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c>.</summary>
internal sealed class IfStatement(KeyValuePair<Expression, Statement[]>[] branches, Statement[] otherwise) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        context.Step();
        foreach (KeyValuePair<Expression, Statement[]> branch in branches)
        {
            if (branch.Key.Evaluate(context).IsTrue)
            {
                return branch.Value.Execute(context);
            }
        }

        return otherwise.Execute(context);
    }
}

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(AssignTarget target, Expression value) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        target.Assign(context, value.Evaluate(context));
        return Flow.Next;
    }
}

/// <summary><c>{% set target %}</c> ... <c>{% endset %}</c>: assigns the text of the body, filtered.</summary>
internal sealed class SetBlockStatement(AssignTarget target, FilterCall[] filters, Statement[] body) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        target.Assign(context, FilterBlockStatement.Filter(context, filters, body));
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %}</c> ... <c>{% endfilter %}</c>.</summary>
internal sealed class FilterBlockStatement(FilterCall[] filters, Statement[] body) : Statement
{
    public static Value Filter(RenderContext context, FilterCall[] filters, Statement[] body)
    {
        context.Step();
        Value value = body.Capture(context, new Scope(context.Scope));
        foreach (FilterCall filter in filters)
        {
            value = filter.Apply(context, value);
        }

        return value;
    }

    public override Flow Execute(RenderContext context)
    {
        Filter(context, filters, body).WriteText(context.Output);
        return Flow.Next;
    }
}

/// <summary><c>{% with name = value %}</c>. Without assignments it is a block with a scope of its own.</summary>
internal sealed class WithStatement(KeyValuePair<AssignTarget, Expression>[] assignments, Statement[] body) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        context.Step();
        var values = new Value[assignments.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = assignments[i].Value.Evaluate(context);
        }

        var scope = new Scope(context.Scope);
        for (int i = 0; i < values.Length; i++)
        {
            assignments[i].Key.AssignIn(context, scope, values[i]);
        }

        return body.ExecuteIn(context, scope);
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(Flow flow) : Statement
{
    public override Flow Execute(RenderContext context) => flow;
}

/// <summary><c>{% macro %}</c>.</summary>
internal sealed class MacroStatement(MacroDefinition definition) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        context.ChargeName(definition.Name);
        context.Scope.Set(definition.Name, new MacroValue(definition, context.Scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call macro() %}</c> ... <c>{% endcall %}</c>: the macro can call the body as <c>caller()</c>.</summary>
internal sealed class CallBlockStatement(MacroDefinition caller, CallExpression call) : Statement
{
    public override Flow Execute(RenderContext context)
    {
        context.Step();
        call.Call(context, new MacroValue(caller, context.Scope)).WriteText(context.Output);
        return Flow.Next;
    }
}

/// <summary>The definition of a macro.</summary>
internal sealed record MacroDefinition(string Name, MacroParameter[] Parameters, Statement[] Body)
{
    /// <summary>Gets whether the body uses <c>caller</c>, so that the macro accepts one.</summary>
    public bool UsesCaller { get; init; }

    /// <summary>Gets whether the body uses <c>varargs</c>, so that the macro accepts more arguments than it has parameters.</summary>
    public bool UsesExtraArguments { get; init; }

    /// <summary>Gets whether the body uses <c>kwargs</c>, so that the macro accepts named arguments without a parameter.</summary>
    public bool UsesKeywordArguments { get; init; }
}

internal readonly record struct MacroParameter(string Name, Expression? Default);
