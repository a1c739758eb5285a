using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <content>The grammar of names, literals, attributes and subscripts.</content>
internal sealed partial class Parser
{
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
                return new ConstantExpression(token.Line, new StringValue(ParseAdjacentStrings(token.Text)));
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

    /// <summary>Joins adjacent string literals.</summary>
    private string ParseAdjacentStrings(string first)
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
}
