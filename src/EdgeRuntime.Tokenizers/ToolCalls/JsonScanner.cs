using System;
using System.Collections.Generic;

namespace EdgeRuntime.ToolCalls;

/// <summary>Finds the end of a JSON value in text that arrives in pieces. What lies inside is checked at its end.</summary>
internal sealed class JsonScanner
{
    private const string Punctuation = "{}[]:,\"", Words = "+-.0123456789truefalsnTFNEeo";
    private readonly Stack<char> _open = new();
    private bool _hasBegun, _inString, _isEscaped, _inWord;
    private char? _wrong;

    /// <summary>Gets a value indicating whether the value has ended.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Gets a value indicating whether the value ends where the text does, as a number can.</summary>
    public bool CanEnd => _inWord && _open.Count == 0;

    /// <summary>Gets the number of characters that belong to the value.</summary>
    public int Scan(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (_inString)
            {
                ScanString(text[i]);
            }
            else if (!TryScan(text[i]))
            {
                return i;
            }

            if (IsDone)
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    /// <summary>Throws if the last scan met a character that JSON does not have there.</summary>
    /// <exception cref="MalformedCallException">The text is not JSON.</exception>
    public void ThrowIfInvalid()
    {
        if (_wrong is { } wrong)
        {
            throw new MalformedCallException($"it is not JSON: found '{wrong}'");
        }
    }

    private void ScanString(char character)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
        }
        else if (character == '\\')
        {
            _isEscaped = true;
        }
        else if (character == '"')
        {
            _inString = false;
            IsDone = _open.Count == 0;
        }
    }

    private bool TryScan(char character)
    {
        bool isWord = Words.Contains(character);
        if (_hasBegun && _open.Count == 0 && !isWord)
        {
            IsDone = true; // the end of a number or a word
            return false;
        }

        if (!isWord && !Punctuation.Contains(character) && !char.IsWhiteSpace(character))
        {
            _wrong = character;
            return false;
        }

        _hasBegun |= !char.IsWhiteSpace(character);
        _inWord = isWord;
        _inString = character == '"';
        return Nest(character);
    }

    private bool Nest(char character)
    {
        if (character is '{' or '[')
        {
            _open.Push(character == '{' ? '}' : ']');
        }
        else if (character is '}' or ']')
        {
            if (!_open.TryPop(out char expected) || expected != character)
            {
                _wrong = character;
                return false;
            }

            IsDone = _open.Count == 0;
        }
        else if (character is ',' or ':' && _open.Count == 0)
        {
            _wrong = character;
            return false;
        }

        return true;
    }
}
