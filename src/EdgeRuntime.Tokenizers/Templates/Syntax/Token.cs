using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

internal enum TokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Kind">The kind of the token.</param>
/// <param name="Text">The characters: data, a name, an operator, or a string without quotes and escapes.</param>
/// <param name="Line">The line of the first character, from 1.</param>
/// <param name="Number">The value of an integer or float.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, Value? Number = null)
{
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    public bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    /// <summary>Gets the description of the token for error messages.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.Data => "template data / text",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.String => "string",
        TokenKind.Integer => "integer",
        TokenKind.Float => "float",
        TokenKind.End => "end of template",
        TokenKind.Name or TokenKind.Operator => Text,
        _ => throw new InvalidOperationException(Kind.ToString()),
    };
}
