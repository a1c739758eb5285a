using System;
using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Library;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Syntax;

/// <content>Expressions, from the loosest binding to the tightest.</content>
internal sealed partial class Parser
{
    private const int AdditionLevel = 0;
    private const int ConcatLevel = 1;
    private const int MultiplicationLevel = 2;
    private const int PowerLevel = 3;

    /// <summary>One expression, or several with commas between them, which are a tuple.</summary>
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

    private Expression ParsePrimary()
    {
        Token token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                if (_macros.TryPeek(out MacroNames? names))
                {
                    names.Note(token.Text);
                }

                return Constant(token.Text) is { } constant
                    ? new ConstantExpression(token.Line, constant)
                    : new NameExpression(token.Line, token.Text);
            case TokenKind.String:
                return new ConstantExpression(token.Line, new StringValue(ParseMoreText(token.Text)));
            case TokenKind.Integer or TokenKind.Float:
                return new ConstantExpression(token.Line, token.Number!);
            case TokenKind.Operator when token.Text == "(":
                Expression tuple = ParseTuple(inParentheses: true);
                ExpectOperator(")");
                return tuple;
            case TokenKind.Operator when token.Text == "[":
                return ParseList(token.Line);
            case TokenKind.Operator when token.Text == "{":
                return ParseDict(token.Line);
            default:
                throw Fail($"unexpected '{token.Describe()}'", token.Line);
        }
    }

    /// <summary>String literals in a row are one.</summary>
    private string ParseMoreText(string first)
    {
        if (Current.Kind != TokenKind.String)
        {
            return first;
        }

        var text = new StringBuilder(first);
        while (Current.Kind == TokenKind.String)
        {
            text.Append(Next().Text);
        }

        return text.ToString();
    }

    private static Value? Constant(string name) => name switch
    {
        "true" or "True" => BoolValue.True,
        "false" or "False" => BoolValue.False,
        "none" or "None" => NoneValue.Instance,
        _ => null,
    };

    private SequenceExpression ParseList(int line)
    {
        var items = new List<Expression>();
        while (!Current.IsOperator("]"))
        {
            items.Add(ParseExpression());
            if (!SkipOperator(","))
            {
                break;
            }
        }

        ExpectOperator("]");
        return new SequenceExpression(line, items.ToArray(), isTuple: false);
    }

    private DictExpression ParseDict(int line)
    {
        var entries = new List<KeyValuePair<Expression, Expression>>();
        while (!Current.IsOperator("}"))
        {
            Expression key = ParseExpression();
            ExpectOperator(":");
            entries.Add(new(key, ParseExpression()));
            if (!SkipOperator(","))
            {
                break;
            }
        }

        ExpectOperator("}");
        return new DictExpression(line, entries.ToArray());
    }

    private Expression ParsePostfix(Expression node)
    {
        while (Current.Kind == TokenKind.Operator && Current.Text is "." or "[" or "(")
        {
            Token token = Current;
            node = token.Text == "(" ? new CallExpression(token.Line, node, ParseArguments()) : ParseSubscript(node);
        }

        return node;
    }

    private Expression ParseSubscript(Expression owner)
    {
        Token open = Next();
        if (open.Text == ".")
        {
            Token name = Next();
            return name.Kind switch
            {
                TokenKind.Name => new AttributeExpression(open.Line, owner, name.Text),
                TokenKind.Integer => new ItemExpression(open.Line, owner, new ConstantExpression(name.Line, name.Number!)),
                _ => throw Fail("expected name or number", name.Line),
            };
        }

        var keys = new List<Expression>();
        do
        {
            keys.Add(ParseKey());
        }
        while (SkipOperator(",") && !Current.IsOperator("]"));
        ExpectOperator("]");
        Expression key = keys.Count == 1 ? keys[0] : new SequenceExpression(open.Line, keys.ToArray(), isTuple: true);
        return new ItemExpression(open.Line, owner, key);
    }

    private Expression ParseKey()
    {
        int line = Current.Line;
        Expression? start = Current.IsOperator(":") ? null : ParseExpression();
        if (!SkipOperator(":"))
        {
            return start!;
        }

        Expression? stop = ParseSlicePart();
        Expression? step = SkipOperator(":") ? ParseSlicePart() : null;
        return new SliceExpression(line, start, stop, step);
    }

    private Expression? ParseSlicePart() =>
        Current.IsOperator(":") || Current.IsOperator("]") || Current.IsOperator(",") ? null : ParseExpression();

    private Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            if (Current.IsOperator("|"))
            {
                foreach (FilterCall filter in ParseFilters())
                {
                    node = new FilterExpression(node, filter);
                }
            }
            else if (Current.IsName("is"))
            {
                node = ParseTest(node);
            }
            else if (Current.IsOperator("("))
            {
                node = new CallExpression(Current.Line, node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private FilterCall[] ParseFilters(bool first = false)
    {
        var filters = new List<FilterCall>();
        while (first || SkipOperator("|"))
        {
            first = false;
            int line = Current.Line;
            string name = ParseDottedName();
            filters.Add(new FilterCall(line, name, Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty));
        }

        return filters.ToArray();
    }

    private TestExpression ParseTest(Expression input)
    {
        int line = Next().Line;
        bool negated = SkipName("not");
        string name = ParseDottedName();
        ArgumentList arguments = ArgumentList.Empty;
        if (Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float
            || Current.IsOperator("[") || Current.IsOperator("{"))
        {
            if (Current.IsName("is"))
            {
                throw Fail("You cannot chain multiple tests with is");
            }

            if (!Current.IsName("else") && !Current.IsName("or") && !Current.IsName("and"))
            {
                arguments = ParseBareArgument();
            }
        }

        return new TestExpression(line, input, name, arguments, negated);
    }

    /// <summary>Parses the argument of a test without parentheses, as in <c>x is divisibleby 3</c>.</summary>
    private ArgumentList ParseBareArgument()
    {
        // "x is defined if y" and "x is string in z": these words go on with the expression around the test.
        if (Current.IsName("if") || Current.IsName("in") || (Current.IsName("not") && Following.IsName("in")))
        {
            return ArgumentList.Empty;
        }

        return new ArgumentList([ParsePostfix(ParsePrimary())], [], null, null);
    }

    private string ParseDottedName()
    {
        string name = Expect(TokenKind.Name, "name").Text;
        if (!Current.IsOperator("."))
        {
            return name;
        }

        var dotted = new StringBuilder(name);
        while (SkipOperator("."))
        {
            dotted.Append('.').Append(Expect(TokenKind.Name, "name").Text);
        }

        return dotted.ToString();
    }

    private ArgumentList ParseArguments()
    {
        int line = Current.Line;
        ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        Expression? morePositional = null;
        Expression? moreNamed = null;
        while (!Current.IsOperator(")"))
        {
            bool isLegal = moreNamed is null;
            if (SkipOperator("*"))
            {
                isLegal &= morePositional is null;
                morePositional = ParseExpression();
            }
            else if (SkipOperator("**"))
            {
                moreNamed = ParseExpression();
            }
            else if (Current.Kind == TokenKind.Name && Following.IsOperator("="))
            {
                string name = Next().Text;
                Next();
                named.Add(new(name, ParseExpression()));
            }
            else
            {
                isLegal &= morePositional is null && named.Count == 0;
                positional.Add(ParseExpression());
            }

            if (!isLegal)
            {
                throw Fail("invalid syntax for function call expression", line);
            }

            if (!SkipOperator(","))
            {
                break;
            }
        }

        ExpectOperator(")");
        return new ArgumentList(positional.ToArray(), named.ToArray(), morePositional, moreNamed);
    }
}
