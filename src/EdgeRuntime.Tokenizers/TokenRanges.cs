using System;
using System.Text;

namespace EdgeRuntime;

/// <summary>Converts the ends of tokens in UTF-8 to ranges of whole characters in UTF-16.</summary>
internal ref struct TokenRanges
{
    private readonly ReadOnlySpan<char> _text;
    private int _byteEnd; // of the current character in UTF-8
    private int _start, _end; // of the current character in UTF-16

    private TokenRanges(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Gets the tokens with their ranges.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ids">The token ids.</param>
    /// <param name="ends">The index of the byte behind each token in the UTF-8 of the text, ascending.</param>
    public static EncodedToken[] Of(ReadOnlySpan<char> text, ReadOnlySpan<int> ids, ReadOnlySpan<int> ends)
    {
        var tokens = new EncodedToken[ids.Length];
        TokenRanges first = new(text), last = new(text);
        for (int i = 0; i < tokens.Length; i++)
        {
            int start = first.CharacterAt(i == 0 ? 0 : ends[i - 1]);
            tokens[i] = new EncodedToken(ids[i], new Range(start, Math.Max(start, last.CharacterBehind(ends[i]))));
        }

        return tokens;
    }

    /// <summary>Gets the start of the character that contains a byte. The arguments of successive calls ascend.</summary>
    private int CharacterAt(int index)
    {
        while (_byteEnd <= index && _end < _text.Length)
        {
            MoveNext();
        }

        return index < _byteEnd ? _start : _end;
    }

    /// <summary>Gets the end of the characters up to a byte; a character that it divides belongs to them.</summary>
    private int CharacterBehind(int index)
    {
        while (_byteEnd < index && _end < _text.Length)
        {
            MoveNext();
        }

        return _end;
    }

    private void MoveNext()
    {
        // An unpaired surrogate is encoded as U+FFFD, which is also what the result says.
        Rune.DecodeFromUtf16(_text[_end..], out Rune rune, out int length);
        _byteEnd += rune.Utf8SequenceLength;
        (_start, _end) = (_end, _end + length);
    }
}
