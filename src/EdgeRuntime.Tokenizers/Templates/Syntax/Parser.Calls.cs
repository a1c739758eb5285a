using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.Templates.Syntax;

/// <content>The grammar of filters, tests and arguments.</content>
internal sealed partial class Parser
{
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
        // In "x is defined if y" and "x is string in z" the next word continues the expression around the test.
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
