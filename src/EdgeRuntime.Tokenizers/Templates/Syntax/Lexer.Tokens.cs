using System;
using System.Globalization;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <content>The tokens inside of tags: names, operators, numbers and strings.</content>
internal sealed partial class Lexer
{
    // Longest first, because the first match is taken.
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

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

    private void AddNumber(TokenKind kind, Value number, int start) =>
        _tokens.Add(new Token(kind, _source[start.._position], LineAt(start), number));
}
