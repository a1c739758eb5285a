using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary><c>{% for target in items if filter recursive %}</c> with its <c>else</c>.</summary>
internal sealed class ForStatement(int line, AssignTarget target, Expression items, Expression? filter, bool isRecursive) : Statement
{
    public required Statement[] Body { get; init; }

    public required Statement[] Otherwise { get; init; }

    public override Flow Execute(RenderContext context)
    {
        Value source = items.Evaluate(context);
        context.Line = line;
        Run(context, context.Scope, source, 0);
        return Flow.Next;
    }

    private void Run(RenderContext context, Scope outer, Value source, int depth)
    {
        IEnumerator<Value> elements = context.Iterate(source);
        Func<Value, int, StringValue>? recurse = isRecursive ? (children, level) => Recurse(context, outer, children, level) : null;
        var loop = new LoopValue(source, filter is null ? elements : Filter(context, outer, elements), filter is not null, depth, recurse);
        bool any = false;
        while (loop.MoveNext())
        {
            any = true;
            context.Step();

            // Every turn has its own scope: assignments do not carry over to the next turn.
            var scope = new Scope(outer);
            target.AssignIn(context, scope, loop.Current);
            scope.Set("loop", loop);
            if (Body.ExecuteIn(context, scope) == Flow.Break)
            {
                break;
            }
        }

        if (!any)
        {
            Otherwise.ExecuteIn(context, new Scope(outer));
        }
    }

    private StringValue Recurse(RenderContext context, Scope outer, Value children, int depth)
    {
        context.EnterCall();
        StringValue text = StatementList.Capture([new RecursiveTurn(this, outer, children, depth)], context, outer);
        context.LeaveCall();
        return text;
    }

    /// <summary>Filters the elements lazily by the condition.</summary>
    private IEnumerator<Value> Filter(RenderContext context, Scope outer, IEnumerator<Value> elements)
    {
        while (elements.MoveNext())
        {
            context.Step();
            var scope = new Scope(outer);
            target.AssignIn(context, scope, elements.Current);
            if (filter!.EvaluateIn(context, scope).IsTrue)
            {
                yield return elements.Current;
            }
        }
    }

    private sealed class RecursiveTurn(ForStatement loop, Scope outer, Value children, int depth) : Statement
    {
        public override Flow Execute(RenderContext context)
        {
            loop.Run(context, outer, children, depth);
            return Flow.Next;
        }
    }
}
