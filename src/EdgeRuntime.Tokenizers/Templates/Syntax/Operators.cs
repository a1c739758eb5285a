using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary><c>left + right</c> and the other arithmetic operators.</summary>
internal sealed class BinaryExpression(int line, Expression left, Func<RenderContext, Value, Value, Value> operation, Expression right)
    : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value a = left.Evaluate(context);
        Value b = right.Evaluate(context);
        context.Line = Line;
        return operation(context, a, b);
    }
}

/// <summary><c>-value</c> and <c>+value</c>.</summary>
internal sealed class UnaryExpression(int line, Func<RenderContext, Value, Value> operation, Expression operand) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value value = operand.Evaluate(context);
        context.Line = Line;
        return operation(context, value);
    }
}

/// <summary><c>a ~ b ~ c</c>: concatenates the texts.</summary>
internal sealed class ConcatExpression(int line, Expression[] parts) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        var sink = new TextSink(context);
        foreach (Expression part in parts)
        {
            part.Evaluate(context).WriteText(sink);
        }

        context.Line = Line;
        return sink.ToValue();
    }
}

/// <summary><c>left and right</c>, <c>left or right</c>: returns the operand that decides.</summary>
internal sealed class LogicalExpression(int line, Expression left, bool isAnd, Expression right) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value value = left.Evaluate(context);
        return value.IsTrue == isAnd ? right.Evaluate(context) : value;
    }
}

/// <summary><c>not value</c>.</summary>
internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    protected override Value Compute(RenderContext context) => BoolValue.Of(!operand.Evaluate(context).IsTrue);
}

/// <summary><c>a &lt; b &lt;= c</c>: true if all comparisons are; stops at the first that is false.</summary>
internal sealed class CompareExpression(int line, Expression first, Comparison[] comparisons) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        Value left = first.Evaluate(context);
        foreach (Comparison comparison in comparisons)
        {
            Value right = comparison.Right.Evaluate(context);
            context.Line = Line;
            if (!comparison.Holds(context, left, right))
            {
                return BoolValue.False;
            }

            left = right;
        }

        return BoolValue.True;
    }
}

/// <summary>One operator of a comparison chain with its right operand.</summary>
internal readonly record struct Comparison(Func<RenderContext, Value, Value, bool> Holds, Expression Right);

/// <summary><c>value if condition else other</c>.</summary>
internal sealed class ConditionalExpression(int line, Expression condition, Expression value, Expression? other) : Expression(line)
{
    protected override Value Compute(RenderContext context)
    {
        if (condition.Evaluate(context).IsTrue)
        {
            return value.Evaluate(context);
        }

        return other is not null
            ? other.Evaluate(context)
            : UndefinedValue.Because($"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
    }
}
