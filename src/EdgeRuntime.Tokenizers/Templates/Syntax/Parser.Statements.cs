using System.Collections.Generic;

namespace EdgeRuntime.Templates.Syntax;

/// <content>The grammar of tags and of the text between them.</content>
internal sealed partial class Parser
{
    private readonly Stack<MacroNames> _macros = new();
    private int _loops;

    /// <summary>Parses up to a tag that ends the body. The name of that tag is then the current token.</summary>
    private Statement[] ParseBody(params string[] ends)
    {
        Enter();
        var body = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            Token token = Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new DataStatement(token.Text));
                    break;
                case TokenKind.VariableBegin:
                    body.Add(new OutputStatement(ParseTuple()));
                    Expect(TokenKind.VariableEnd, "end of print statement");
                    break;
                default:
                    if (Current.Kind == TokenKind.Name && System.Array.IndexOf(ends, Current.Text) >= 0)
                    {
                        Leave();
                        return body.ToArray();
                    }

                    body.AddRange(ParseStatement());
                    Expect(TokenKind.BlockEnd, "end of statement block");
                    break;
            }
        }

        if (ends.Length > 0)
        {
            throw Fail($"Unexpected end of template. Jinja was looking for the following tags: '{string.Join("' or '", ends)}'.");
        }

        Leave();
        return body.ToArray();
    }

    /// <summary>Parses the end of a tag, the body, and the name of the next tag.</summary>
    private Statement[] ParseBlock(string end)
    {
        Statement[] body = ParseBlockUpTo(end);
        Next();
        return body;
    }

    private Statement[] ParseBlockUpTo(params string[] ends)
    {
        SkipOperator(":");
        Expect(TokenKind.BlockEnd, "end of statement block");
        return ParseBody(ends);
    }

    private Statement[] ParseStatement()
    {
        Token tag = Expect(TokenKind.Name, "name");
        return tag.Text switch
        {
            "if" => [ParseIf()],
            "for" => [ParseFor(tag.Line)],
            "set" => [ParseSet()],
            "macro" => [ParseMacro()],
            "call" => [ParseCallBlock(tag.Line)],
            "filter" => [ParseFilterBlock()],
            "with" => [ParseWith()],
            "print" => ParsePrint(),
            "break" => [ParseJump(tag, Flow.Break)],
            "continue" => [ParseJump(tag, Flow.Continue)],

            // Marks the assistant's words for training. For rendering it is an ordinary block.
            "generation" => [new WithStatement([], ParseBlock("endgeneration"))],
            "block" => [ParseNamedBlock()],
            "include" or "import" or "from" or "extends" =>
                throw Fail($"a chat template stands alone: the tag '{tag.Text}' is not supported", tag.Line),
            _ => throw Fail($"Encountered unknown tag '{tag.Text}'.", tag.Line),
        };
    }

    private IfStatement ParseIf()
    {
        var branches = new List<KeyValuePair<Expression, Statement[]>>();
        Statement[] otherwise = [];
        while (true)
        {
            Expression condition = ParseTuple(conditional: false);
            branches.Add(new(condition, ParseBlockUpTo("elif", "else", "endif")));
            Token tag = Next();
            if (tag.Text == "else")
            {
                otherwise = ParseBlock("endif");
            }

            if (tag.Text != "elif")
            {
                return new IfStatement(branches.ToArray(), otherwise);
            }
        }
    }

    private ForStatement ParseFor(int line)
    {
        AssignTarget target = ParseTarget();
        ExpectName("in");
        Expression items = ParseTuple(conditional: false, end: "recursive");
        Expression? filter = SkipName("if") ? ParseExpression() : null;
        bool isRecursive = SkipName("recursive");
        _loops++;
        Statement[] body = ParseBlockUpTo("endfor", "else");
        _loops--;
        Statement[] otherwise = Next().Text == "else" ? ParseBlock("endfor") : [];
        return new ForStatement(line, target, items, filter, isRecursive) { Body = body, Otherwise = otherwise };
    }

    private JumpStatement ParseJump(Token tag, Flow flow) =>
        _loops > 0 ? new JumpStatement(flow) : throw Fail($"'{tag.Text}' outside loop", tag.Line);

    private Statement ParseSet()
    {
        AssignTarget target = ParseTarget(allowNamespace: true);
        if (SkipOperator("="))
        {
            return new SetStatement(target, ParseTuple());
        }

        FilterCall[] filters = Current.IsOperator("|") ? ParseFilters() : [];
        return new SetBlockStatement(target, filters, ParseBlock("endset"));
    }

    private MacroStatement ParseMacro()
    {
        string name = Expect(TokenKind.Name, "name").Text;
        return new MacroStatement(ParseMacroBody(name, ParseParameters(), "endmacro"));
    }

    private CallBlockStatement ParseCallBlock(int line)
    {
        MacroParameter[] parameters = Current.IsOperator("(") ? ParseParameters() : [];
        if (ParseExpression() is not CallExpression call)
        {
            throw Fail("expected call", line);
        }

        return new CallBlockStatement(ParseMacroBody("caller", parameters, "endcall"), call);
    }

    private MacroDefinition ParseMacroBody(string name, MacroParameter[] parameters, string end)
    {
        // A macro cannot break out of the enclosing loop.
        var names = new MacroNames();
        (int loops, _loops) = (_loops, 0);
        _macros.Push(names);
        Statement[] body = ParseBlock(end);
        _macros.Pop();
        _loops = loops;
        return new MacroDefinition(name, parameters, body)
        {
            UsesCaller = names.Caller,
            UsesExtraArguments = names.ExtraArguments,
            UsesKeywordArguments = names.KeywordArguments,
        };
    }

    private MacroParameter[] ParseParameters()
    {
        ExpectOperator("(");
        var parameters = new List<MacroParameter>();
        while (!Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
            {
                ExpectOperator(",");
            }

            string name = Expect(TokenKind.Name, "name").Text;
            Expression? fallback = SkipOperator("=") ? ParseExpression() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw Fail("non-default argument follows default argument");
            }

            parameters.Add(new MacroParameter(name, fallback));
        }

        Next();
        return parameters.ToArray();
    }

    private FilterBlockStatement ParseFilterBlock()
    {
        FilterCall[] filters = ParseFilters(first: true);
        return new FilterBlockStatement(filters, ParseBlock("endfilter"));
    }

    private WithStatement ParseWith()
    {
        var assignments = new List<KeyValuePair<AssignTarget, Expression>>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
            {
                ExpectOperator(",");
            }

            AssignTarget target = ParseTarget();
            ExpectOperator("=");
            assignments.Add(new(target, ParseExpression()));
        }

        return new WithStatement(assignments.ToArray(), ParseBlock("endwith"));
    }

    private Statement[] ParsePrint()
    {
        var outputs = new List<Statement>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (outputs.Count > 0)
            {
                ExpectOperator(",");
            }

            outputs.Add(new OutputStatement(ParseExpression()));
        }

        return outputs.ToArray();
    }

    private WithStatement ParseNamedBlock()
    {
        string name = Expect(TokenKind.Name, "name").Text;
        SkipName("scoped");
        Statement[] body = ParseBlock("endblock");
        SkipName(name);
        return new WithStatement([], body);
    }

    private AssignTarget ParseTarget(bool allowNamespace = false)
    {
        var targets = new List<AssignTarget>();
        int line = Current.Line;
        bool isTuple = false;
        do
        {
            if (isTuple && (Current.Kind == TokenKind.BlockEnd || Current.IsOperator(")") || Current.IsName("in")))
            {
                break;
            }

            targets.Add(ParseOneTarget(allowNamespace));
            isTuple |= Current.IsOperator(",");
        }
        while (SkipOperator(","));
        return isTuple ? new TupleTarget(line, targets.ToArray()) : targets[0];
    }

    private AssignTarget ParseOneTarget(bool allowNamespace)
    {
        Enter();
        AssignTarget target;
        if (SkipOperator("("))
        {
            target = ParseTarget(allowNamespace);
            ExpectOperator(")");
        }
        else
        {
            Token name = Expect(TokenKind.Name, "name");
            if (Constant(name.Text) is not null)
            {
                throw Fail("can't assign to 'const'", name.Line);
            }

            target = allowNamespace && SkipOperator(".")
                ? new NamespaceTarget(name.Line, name.Text, Expect(TokenKind.Name, "name").Text)
                : new NameTarget(name.Text);
        }

        Leave();
        return target;
    }

    /// <summary>Records which of the special names the body of a macro uses.</summary>
    private sealed class MacroNames
    {
        public bool Caller { get; private set; }

        public bool ExtraArguments { get; private set; }

        public bool KeywordArguments { get; private set; }

        public void Note(string name)
        {
            Caller |= name == "caller";
            ExtraArguments |= name == "varargs";
            KeywordArguments |= name == "kwargs";
        }
    }
}
