using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>
/// Splits a template into tokens like Jinja2 3.1 with <c>trim_blocks</c> (drops a newline after a block) and <c>lstrip_blocks</c> (drops
/// white space between the start of a line and a block), the settings that chat templates are written for.
/// </summary>
internal sealed partial class Lexer
{
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private readonly string _source;
    private int _position;
    private int _line = 1;
    private int _lineCountedTo;

    private Lexer(string source) => _source = source;

    private bool AtEnd => _position >= _source.Length;

    /// <summary>Reads all tokens of a template. The last one is <see cref="TokenKind.End"/>.</summary>
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

    /// <summary>Skips text after a block: white space after <c>-</c>, nothing after <c>+</c>, otherwise one newline.</summary>
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

    private int SkipSpaceFrom(int index)
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
        index = SkipSpaceFrom(index);
        if (!StartsAt(index, "raw"))
        {
            return false;
        }

        index = SkipSpaceFrom(index + 3);
        if (StartsAt(index, "-%}"))
        {
            _position = SkipSpaceFrom(index + 3);
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
            int index = SkipSpaceFrom(open + (sign == '\0' ? 2 : 3));
            if (!StartsAt(index, "endraw"))
            {
                continue;
            }

            index = SkipSpaceFrom(index + 6);
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
                // The parser reports what it expected instead.
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

    private void Add(TokenKind kind, string text, int start) => _tokens.Add(new Token(kind, text, LineAt(start)));

    private int LineAt(int position)
    {
        // Tokens are read in order, so every character is counted once.
        for (; _lineCountedTo < position; _lineCountedTo++)
        {
            _line += _source[_lineCountedTo] == '\n' ? 1 : 0;
        }

        return _line;
    }

    private TemplateException Fail(string reason, int position) => new(reason, LineAt(position));
}
