using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>Parses the tokens of a template into statements. The grammar is in the other files of this class.</summary>
internal sealed partial class Parser
{
    private readonly List<Token> _tokens;
    private int _position;
    private int _nesting;

    private Parser(List<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_position];

    private Token Following => _tokens[Math.Min(_position + 1, _tokens.Count - 1)];

    /// <exception cref="TemplateException">
    /// The template is not valid Jinja, or it uses features that chat templates do not have.
    /// </exception>
    public static Statement[] Parse(string source)
    {
        if (source.Length > TemplateLimits.SourceLength)
        {
            throw Errors.Limit("characters of the template", TemplateLimits.SourceLength);
        }

        return new Parser(Lexer.Tokenize(source)).ParseBody([]);
    }

    /// <summary>Checks the nesting depth. Every recursion of the parser calls this method.</summary>
    private void Enter()
    {
        if (++_nesting > TemplateLimits.Nesting)
        {
            throw Fail($"the template nests too deeply (at most {TemplateLimits.Nesting} levels)");
        }

        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail("the template nests too deeply for the stack of this thread");
        }
    }

    private void Leave() => _nesting--;

    private Token Next()
    {
        Token token = Current;
        _position = Math.Min(_position + 1, _tokens.Count - 1);
        return token;
    }

    private bool SkipName(string name)
    {
        bool found = Current.IsName(name);
        if (found)
        {
            Next();
        }

        return found;
    }

    private bool SkipOperator(string symbol)
    {
        bool found = Current.IsOperator(symbol);
        if (found)
        {
            Next();
        }

        return found;
    }

    private void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol))
        {
            throw Expected(symbol);
        }
    }

    private void ExpectName(string name)
    {
        if (!SkipName(name))
        {
            throw Expected(name);
        }
    }

    private Token Expect(TokenKind kind, string description) => Current.Kind == kind ? Next() : throw Expected(description);

    private TemplateException Expected(string what) => Fail(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected '{what}'."
        : $"expected token '{what}', got '{Current.Describe()}'");

    private TemplateException Fail(string reason) => new(reason, Current.Line);

    private static TemplateException Fail(string reason, int line) => new(reason, line);
}
