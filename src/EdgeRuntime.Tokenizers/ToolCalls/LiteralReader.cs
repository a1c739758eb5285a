using System;
using System.Globalization;
using System.Text;

namespace EdgeRuntime.ToolCalls;

/// <summary>Reads literals of Python, of JavaScript and of Gemma, and writes them as JSON.</summary>
internal sealed class LiteralReader(string text)
{
    private const int MaxDepth = 64;
    private static readonly string[] s_quotes = ["<|\"|>", "<escape>", "\"\"\"", "'''", "\"", "'"];
    private int _position;
    private int _depth;

    /// <summary>Consumes a text if it follows.</summary>
    public bool TryTake(string expected)
    {
        SkipSpace();
        bool follows = text.AsSpan(_position).StartsWith(expected, StringComparison.Ordinal);
        _position += follows ? expected.Length : 0;
        return follows;
    }

    /// <summary>Consumes a text that must follow.</summary>
    /// <exception cref="MalformedCallException">Something else follows.</exception>
    public void Expect(string expected)
    {
        if (!TryTake(expected))
        {
            throw new MalformedCallException($"found {Found()}, expected '{expected}'");
        }
    }

    /// <summary>Checks that nothing follows.</summary>
    public void ExpectEnd()
    {
        SkipSpace();
        if (_position < text.Length)
        {
            throw new MalformedCallException($"found {Found()} behind it");
        }
    }

    /// <summary>Takes a name: letters, digits, and the signs of names.</summary>
    public string TakeName()
    {
        SkipSpace();
        int start = _position;
        while (_position < text.Length && (char.IsLetterOrDigit(text[_position]) || text[_position] is '_' or '.' or '-' or '$'))
        {
            _position++;
        }

        return _position > start ? text[start.._position] : throw new MalformedCallException($"found {Found()}, expected a name");
    }

    /// <summary>Takes entries up to a closing bracket and writes them as a JSON object.</summary>
    public string TakeEntries(char close, char assignment)
    {
        var json = new StringBuilder("{");
        string end = close.ToString();
        while (!TryTake(end))
        {
            if (json.Length > 1)
            {
                Expect(",");
                json.Append(", ");
            }

            json.Append(QuoteNext() is not null ? TakeValue() : JsonText.Quote(TakeName()));
            Expect(assignment.ToString());
            json.Append(": ").Append(TakeValue());
        }

        return json.Append('}').ToString();
    }

    private string TakeValue()
    {
        if (++_depth > MaxDepth)
        {
            throw new MalformedCallException($"it is nested deeper than {MaxDepth} levels");
        }

        string value = TryTake("{") ? TakeEntries('}', ':')
            : TryTake("[") ? TakeList()
            : QuoteNext() is { } quote ? JsonText.Quote(TakeString(quote))
            : TakeWord();
        _depth--;
        return value;
    }

    private string TakeList()
    {
        var json = new StringBuilder("[");
        while (!TryTake("]"))
        {
            if (json.Length > 1)
            {
                Expect(",");
                json.Append(", ");
            }

            json.Append(TakeValue());
        }

        return json.Append(']').ToString();
    }

    private string? QuoteNext()
    {
        SkipSpace();
        foreach (string quote in s_quotes)
        {
            if (text.AsSpan(_position).StartsWith(quote, StringComparison.Ordinal) && !IsEmptyString(quote))
            {
                return quote;
            }
        }

        return null;
    }

    // Two quotes are an empty string; three begin a long one only if another three end it.
    private bool IsEmptyString(string quote) =>
        quote.Length == 3 && text.IndexOf(quote, _position + 3, StringComparison.Ordinal) < 0;

    private string TakeString(string quote)
    {
        var value = new StringBuilder();
        for (_position += quote.Length; _position < text.Length; _position++)
        {
            if (text.AsSpan(_position).StartsWith(quote, StringComparison.Ordinal))
            {
                _position += quote.Length;
                return value.ToString();
            }

            if (text[_position] == '\\' && quote[0] != '<' && _position + 1 < text.Length)
            {
                TakeEscape(value);
            }
            else
            {
                value.Append(text[_position]);
            }
        }

        throw new MalformedCallException("a string does not end");
    }

    private void TakeEscape(StringBuilder value)
    {
        char escaped = text[++_position];
        int digits = escaped switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits > 0 && _position + digits < text.Length
            && ushort.TryParse(
                text.AsSpan(_position + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
        {
            value.Append((char)code);
            _position += digits;
            return;
        }

        value.Append(escaped switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'b' => "\b",
            'f' => "\f",
            '\\' or '\'' or '"' or '/' => escaped.ToString(),
            _ => $"\\{escaped}",
        });
    }

    private string TakeWord()
    {
        int start = _position;
        while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '+' or '-' or '.'))
        {
            _position++;
        }

        string word = text[start.._position];
        string json = word switch { "True" => "true", "False" => "false", "None" => "null", _ => word };
        return JsonText.IsValid(json)
            ? json
            : throw new MalformedCallException(word.Length > 0 ? $"found {word}, expected a value" : $"found {Found()}, expected a value");
    }

    private void SkipSpace()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }
    }

    private string Found() => _position < text.Length ? $"'{text[_position]}'" : "the end";
}
