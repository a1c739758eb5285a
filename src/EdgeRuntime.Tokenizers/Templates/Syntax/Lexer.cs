using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Syntax;

/// <summary>
/// Cuts a template into tokens, as Jinja2 3.1 with <c>trim_blocks</c> (a newline after a block is dropped) and
/// <c>lstrip_blocks</c> (white space between the start of a line and a block is dropped), the way chat templates are written for.
/// </summary>
internal sealed class Lexer
{
    // Longest first, for the first that fits is taken.
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private readonly string _source;
    private int _position;
    private int _line = 1;
    private int _lineCountedTo;

    private Lexer(string source) => _source = source;

    private bool AtEnd => _position >= _source.Length;

    /// <summary>All tokens of a template; the last one is <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Tokenize(string template)
    {
        string source = template.ReplaceLineEndingsLikePython();
        return new Lexer(source.EndsWith('\n') ? source[..^1] : source).Run();
    }

    private List<Token> Run()
    {
        bool lineStarts = true;
        while (!AtEnd)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                Add(TokenKind.Data, _source[_position..], _position);
                _position = _source.Length;
                break;
            }

            lineStarts = ReadTag(tag, lineStarts);
        }

        Add(TokenKind.End, "", _source.Length);
        return _tokens;
    }

    private int FindTag(int from)
    {
        for (int i = from; i + 1 < _source.Length; i++)
        {
            if (_source[i] == '{' && _source[i + 1] is '%' or '{' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Reads the text before a tag, and the tag.</summary>
    /// <returns>Whether the tag ended with a newline.</returns>
    private bool ReadTag(int tag, bool lineStarts)
    {
        char kind = _source[tag + 1];
        int start = _position;
        char sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : '\0';
        AddData(_source[start..tag], start, sign, lineStarts, isBlock: kind != '{');
        _position = tag + (sign == '\0' ? 2 : 3);
        if (kind == '#')
        {
            SkipComment(tag);
        }
        else if (kind == '%' && TrySkipRawBegin(tag + 2))
        {
            ReadRaw(tag);
        }
        else
        {
            ReadCode(kind == '%', tag);
        }

        return _position > 0 && _source[_position - 1] == '\n';
    }

    private void AddData(string text, int start, char sign, bool lineStarts, bool isBlock)
    {
        int end = text.Length;
        if (sign == '-')
        {
            while (end > 0 && CodePoints.IsSpace(text[end - 1]))
            {
                end--;
            }
        }
        else if (sign != '+' && isBlock)
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || lineStarts) && CodePoints.IsSpace(text.AsSpan(lineStart)))
            {
                end = lineStart;
            }
        }

        if (end > 0)
        {
            Add(TokenKind.Data, text[..end], start);
        }
    }

    private void SkipComment(int tag)
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Fail("Missing end of comment tag", tag);
        }

        char sign = end > _position ? _source[end - 1] : '\0';
        _position = end + 2;
        SkipAfter(sign);
    }

    /// <summary>What follows a block is dropped: white space after <c>-</c>, nothing after <c>+</c>, else one newline.</summary>
    private void SkipAfter(char sign)
    {
        if (sign == '-')
        {
            SkipSpace();
        }
        else if (sign != '+' && !AtEnd && _source[_position] == '\n')
        {
            _position++;
        }
    }

    private void SkipSpace()
    {
        while (!AtEnd && CodePoints.IsSpace(_source[_position]))
        {
            _position++;
        }
    }

    private int SpaceFrom(int index)
    {
        while (index < _source.Length && CodePoints.IsSpace(_source[index]))
        {
            index++;
        }

        return index;
    }

    private bool StartsAt(int index, string text) => string.CompareOrdinal(_source, index, text, 0, text.Length) == 0;

    private bool TrySkipRawBegin(int index)
    {
        index += index < _source.Length && _source[index] is '-' or '+' ? 1 : 0;
        index = SpaceFrom(index);
        if (!StartsAt(index, "raw"))
        {
            return false;
        }

        index = SpaceFrom(index + 3);
        if (StartsAt(index, "-%}"))
        {
            _position = SpaceFrom(index + 3);
            return true;
        }

        _position = StartsAt(index, "%}") ? index + 2 : _position;
        return StartsAt(index, "%}");
    }

    private void ReadRaw(int tag)
    {
        int start = _position;
        for (int open = start; (open = _source.IndexOf("{%", open, StringComparison.Ordinal)) >= 0; open += 2)
        {
            char sign = open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? _source[open + 2] : '\0';
            int index = SpaceFrom(open + (sign == '\0' ? 2 : 3));
            if (!StartsAt(index, "endraw"))
            {
                continue;
            }

            index = SpaceFrom(index + 6);
            char after = StartsAt(index, "-%}") ? '-' : StartsAt(index, "+%}") ? '+' : '\0';
            index += after == '\0' ? 0 : 1;
            if (StartsAt(index, "%}"))
            {
                AddData(_source[start..open], start, sign, lineStarts: false, isBlock: true);
                _position = index + 2;
                SkipAfter(after);
                return;
            }
        }

        throw Fail("Missing end of raw directive", tag);
    }

    private void ReadCode(bool isBlock, int tag)
    {
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.VariableBegin, "", tag);
        while (true)
        {
            SkipSpace();
            if (AtEnd)
            {
                // The parser says what it expected instead.
                return;
            }

            if (_brackets.Count == 0 && TryReadEnd(isBlock))
            {
                return;
            }

            ReadToken();
        }
    }

    private bool TryReadEnd(bool isBlock)
    {
        int start = _position;
        char sign = _source[start] == '-' || (isBlock && _source[start] == '+') ? _source[start] : '\0';
        int end = start + (sign == '\0' ? 0 : 1);
        if (!StartsAt(end, isBlock ? "%}" : "}}"))
        {
            return false;
        }

        Add(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", start);
        _position = end + 2;
        if (isBlock || sign == '-')
        {
            SkipAfter(sign);
        }

        return true;
    }

    private void ReadToken()
    {
        char c = _source[_position];
        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (char.IsLetter(c) || c == '_')
        {
            int start = _position;
            while (!AtEnd && (char.IsLetterOrDigit(_source[_position]) || _source[_position] == '_'))
            {
                _position++;
            }

            Add(TokenKind.Name, _source[start.._position], start);
        }
        else if (c is '"' or '\'')
        {
            ReadString(c);
        }
        else
        {
            ReadOperator();
        }
    }

    private void ReadOperator()
    {
        int start = _position;
        string? symbol = Array.Find(Operators, candidate => StartsAt(start, candidate));
        if (symbol is null)
        {
            throw Fail($"unexpected char '{_source[start]}' at {start}", start);
        }

        if (symbol is "(" or "[" or "{")
        {
            _brackets.Push(symbol == "(" ? ')' : symbol == "[" ? ']' : '}');
        }
        else if (symbol is ")" or "]" or "}")
        {
            if (!_brackets.TryPop(out char expected))
            {
                throw Fail($"unexpected '{symbol}'", start);
            }

            if (expected != symbol[0])
            {
                throw Fail($"unexpected '{symbol}', expected '{expected}'", start);
            }
        }

        _position += symbol.Length;
        Add(TokenKind.Operator, symbol, start);
    }

    private void ReadNumber()
    {
        int start = _position;
        if (_source[start] == '0' && start + 1 < _source.Length && char.ToLowerInvariant(_source[start + 1]) is 'x' or 'o' or 'b'
            && NumberText.TryParsePrefixed(_source.AsSpan(start), out Int128 prefixed, out int length))
        {
            _position += length;
            AddNumber(TokenKind.Integer, IntValue.Of(prefixed), start);
            return;
        }

        SkipDigits();
        bool isFloat = false;
        if (_position + 1 < _source.Length && _source[_position] == '.' && char.IsAsciiDigit(_source[_position + 1]))
        {
            _position++;
            SkipDigits();
            isFloat = true;
        }

        int exponent = _position + (_position + 1 < _source.Length && _source[_position + 1] is '+' or '-' ? 2 : 1);
        if (!AtEnd && _source[_position] is 'e' or 'E' && exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
        {
            _position = exponent;
            SkipDigits();
            isFloat = true;
        }

        string digits = _source[start.._position].Replace("_", "", StringComparison.Ordinal);
        if (isFloat)
        {
            AddNumber(TokenKind.Float, new FloatValue(double.Parse(digits, CultureInfo.InvariantCulture)), start);
        }
        else
        {
            AddNumber(TokenKind.Integer, Int128.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out Int128 value)
                ? IntValue.Of(value)
                : throw Fail("a whole number of more than 128 bits", start), start);
        }
    }

    private void SkipDigits()
    {
        while (!AtEnd && (char.IsAsciiDigit(_source[_position])
            || (_source[_position] == '_' && _position + 1 < _source.Length && char.IsAsciiDigit(_source[_position + 1]))))
        {
            _position++;
        }
    }

    private void ReadString(char quote)
    {
        int start = _position++;
        var text = new StringBuilder();
        while (!AtEnd && _source[_position] != quote)
        {
            if (_source[_position] == '\\' && _position + 1 < _source.Length)
            {
                ReadEscape(text);
            }
            else
            {
                text.Append(_source[_position++]);
            }
        }

        if (AtEnd)
        {
            throw Fail($"unexpected char '{quote}' at {start}", start);
        }

        _position++;
        Add(TokenKind.String, text.ToString(), start);
    }

    private void ReadEscape(StringBuilder text)
    {
        int start = _position;
        char c = _source[start + 1];
        _position += 2;
        const string simple = "\\\\''\"\"n\nt\tr\ra\ab\bf\fv\v";
        for (int i = 0; i < simple.Length; i += 2)
        {
            if (simple[i] == c)
            {
                text.Append(simple[i + 1]);
                return;
            }
        }

        if (c is 'x' or 'u' or 'U')
        {
            int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            ReadOnlySpan<char> hex = _source.AsSpan(start + 2, Math.Min(digits, _source.Length - start - 2));
            if (hex.Length < digits
                || !uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
                || code > 0x10FFFF)
            {
                throw Fail($"truncated \\{c} escape", start);
            }

            _position += digits;
            text.Append(code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
        }
        else if (c is >= '0' and <= '7')
        {
            int code = c - '0';
            for (int i = 0; i < 2 && !AtEnd && _source[_position] is >= '0' and <= '7'; i++)
            {
                code = (code * 8) + (_source[_position++] - '0');
            }

            text.Append((char)code);
        }
        else if (c == 'N')
        {
            throw Fail("characters by name (\\N) are not supported", start);
        }
        else if (c != '\n')
        {
            text.Append('\\').Append(c);
        }
    }

    private void Add(TokenKind kind, string text, int start) => _tokens.Add(new Token(kind, text, LineAt(start)));

    private void AddNumber(TokenKind kind, Value number, int start) =>
        _tokens.Add(new Token(kind, _source[start.._position], LineAt(start), number));

    private int LineAt(int position)
    {
        // Tokens come in order, so that every character is looked at once.
        for (; _lineCountedTo < position; _lineCountedTo++)
        {
            _line += _source[_lineCountedTo] == '\n' ? 1 : 0;
        }

        return _line;
    }

    private TemplateException Fail(string reason, int position) => new(reason, LineAt(position));
}
