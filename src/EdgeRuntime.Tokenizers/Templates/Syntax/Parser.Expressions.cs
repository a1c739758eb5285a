using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Library;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <content>The grammar of operators, from the loosest binding to the tightest.</content>
internal sealed partial class Parser
{
    private const int AdditionLevel = 0;
    private const int ConcatLevel = 1;
    private const int MultiplicationLevel = 2;
    private const int PowerLevel = 3;

    /// <summary>Parses one expression, or a tuple of several with commas between them.</summary>
    private Expression ParseTuple(bool conditional = true, string? end = null, bool inParentheses = false)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        do
        {
            bool isEnd = Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Current.IsOperator(")");
            if (isEnd || (end is not null && Current.IsName(end)))
            {
                break;
            }

            items.Add(ParseExpression(conditional));
            isTuple |= Current.IsOperator(",");
        }
        while (SkipOperator(","));

        if (items.Count == 1 && !isTuple)
        {
            return items[0];
        }

        if (items.Count == 0 && !inParentheses)
        {
            throw Fail($"Expected an expression, got '{Current.Describe()}'");
        }

        return new SequenceExpression(line, items.ToArray(), isTuple: true);
    }

    private Expression ParseExpression(bool conditional = true)
    {
        Enter();
        int line = Current.Line;
        Expression value = ParseOr();
        while (conditional && SkipName("if"))
        {
            Expression condition = ParseOr();
            Expression? other = SkipName("else") ? ParseExpression() : null;
            value = new ConditionalExpression(line, condition, value, other);
        }

        Leave();
        return value;
    }

    private Expression ParseOr()
    {
        int line = Current.Line;
        Expression left = ParseAnd();
        while (SkipName("or"))
        {
            left = new LogicalExpression(line, left, isAnd: false, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        int line = Current.Line;
        Expression left = ParseNot();
        while (SkipName("and"))
        {
            left = new LogicalExpression(line, left, isAnd: true, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        int line = Current.Line;
        if (!SkipName("not"))
        {
            return ParseCompare();
        }

        Enter();
        Expression operand = ParseNot();
        Leave();
        return new NotExpression(line, operand);
    }

    private Expression ParseCompare()
    {
        int line = Current.Line;
        Expression first = ParseBinary(AdditionLevel);
        List<Comparison>? comparisons = null;
        while (TryParseComparison() is { } holds)
        {
            (comparisons ??= []).Add(new Comparison(holds, ParseBinary(AdditionLevel)));
        }

        return comparisons is null ? first : new CompareExpression(line, first, comparisons.ToArray());
    }

    private Func<RenderContext, Value, Value, bool>? TryParseComparison()
    {
        Func<RenderContext, Value, Value, bool>? holds = Current switch
        {
            { Kind: TokenKind.Operator } => Comparisons.Find(Current.Text),
            { Kind: TokenKind.Name, Text: "in" } => Comparisons.In,
            { Kind: TokenKind.Name, Text: "not" } when Following.IsName("in") => Comparisons.NotIn,
            _ => null,
        };
        if (holds is not null)
        {
            _position += Current.IsName("not") ? 2 : 1;
        }

        return holds;
    }

    private Expression ParseBinary(int level)
    {
        if (level == ConcatLevel)
        {
            return ParseConcat();
        }

        int line = Current.Line;
        Expression left = level == PowerLevel ? ParseUnary() : ParseBinary(level + 1);
        while (Current.Kind == TokenKind.Operator && FindArithmetic(level, Current.Text) is { } operation)
        {
            Next();
            Expression right = level == PowerLevel ? ParseUnary() : ParseBinary(level + 1);
            left = new BinaryExpression(line, left, operation, right);
        }

        return left;
    }

    private static Func<RenderContext, Value, Value, Value>? FindArithmetic(int level, string symbol) => (level, symbol) switch
    {
        (AdditionLevel, "+") => Arithmetic.Add,
        (AdditionLevel, "-") => Arithmetic.Subtract,
        (MultiplicationLevel, "*") => Arithmetic.Multiply,
        (MultiplicationLevel, "/") => Arithmetic.Divide,
        (MultiplicationLevel, "//") => Arithmetic.FloorDivide,
        (MultiplicationLevel, "%") => Arithmetic.Modulo,
        (PowerLevel, "**") => Arithmetic.Power,
        _ => null,
    };

    private Expression ParseConcat()
    {
        int line = Current.Line;
        Expression first = ParseBinary(MultiplicationLevel);
        if (!Current.IsOperator("~"))
        {
            return first;
        }

        var parts = new List<Expression> { first };
        while (SkipOperator("~"))
        {
            parts.Add(ParseBinary(MultiplicationLevel));
        }

        return new ConcatExpression(line, parts.ToArray());
    }

    private Expression ParseUnary(bool withFilters = true)
    {
        int line = Current.Line;
        Expression node;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            Enter();
            Func<RenderContext, Value, Value> operation = Next().Text == "-" ? Arithmetic.Negate : Arithmetic.Plus;
            node = new UnaryExpression(line, operation, ParseUnary(withFilters: false));
            Leave();
        }
        else
        {
            node = ParsePrimary();
        }

        node = ParsePostfix(node);
        return withFilters ? ParseFiltersAndTests(node) : node;
    }
}
