using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace EdgeRuntime;

/// <summary>
/// Splits a text into the words within which BPE merges. It also has the other properties that the name of a pre-tokenizer implies.
/// </summary>
internal sealed class PreTokenizer
{
    private readonly SplitRule[] _rules;

    /// <param name="names">The names in files.</param>
    /// <param name="rules">
    /// The first rule splits the text; each further one splits the pieces of the previous one. They get text of
    /// <see cref="CategoryText"/>, with one char per code point.
    /// </param>
    public PreTokenizer(string[] names, params SplitRule[] rules)
    {
        Names = names;
        _rules = rules;
    }

    /// <summary>Gets the names in files.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Gets the spelling of pieces in the vocabularies that use it.</summary>
    public PieceSpelling Spelling { get; init; } = PieceSpelling.ByteLevel;

    /// <summary>Gets whether a word that is a piece becomes that token without merging.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Gets whether a word of line breaks that is a piece becomes that token without merging.</summary>
    public bool TakesLineBreaksWhole { get; init; }

    /// <summary>Gets whether BOS is added if the file does not say.</summary>
    public bool AddsBegin { get; init; }

    /// <summary>Gets whether BOS is added even if the file says no.</summary>
    public bool ForcesBegin { get; init; }

    /// <summary>Gets whether the reference implementation tidies the spaces of a decoded text.</summary>
    public bool TidiesSpaces { get; init; } = true;

    /// <summary>Splits a text into words.</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="words">Receives the number of bytes of each word; the sum is the length of the text.</param>
    public void Split(ReadOnlySpan<byte> text, List<int> words)
    {
        words.Clear();
        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length);
        int length = CategoryText.Write(text, buffer);
        Split(buffer.AsSpan(0, length), 0, words);
        ArrayPool<char>.Shared.Return(buffer);
        if (length != text.Length)
        {
            MeasureInBytes(text, words);
        }
    }

    private static void MeasureInBytes(ReadOnlySpan<byte> text, List<int> words)
    {
        int position = 0;
        for (int word = 0; word < words.Count; word++)
        {
            int start = position;
            for (int i = 0; i < words[word]; i++)
            {
                position += Utf8.GetCharacterLength(text[position]);
            }

            words[word] = position - start;
        }
    }

    private void Split(ReadOnlySpan<char> text, int level, List<int> words)
    {
        if (level == _rules.Length)
        {
            words.Add(text.Length);
        }
        else if (_rules[level].Cut is { } cut)
        {
            int pending = 0;
            while (!text.IsEmpty)
            {
                int length = cut(text, ref pending);
                Split(text[..length], level + 1, words);
                text = text[length..];
            }
        }
        else
        {
            SplitAtMatches(text, level, words);
        }
    }

    private void SplitAtMatches(ReadOnlySpan<char> text, int level, List<int> words)
    {
        int end = 0;
        foreach (ValueMatch match in _rules[level].Expression.EnumerateMatches(text))
        {
            if (match.Index > end)
            {
                Split(text[end..match.Index], level + 1, words);
            }

            Split(text.Slice(match.Index, match.Length), level + 1, words);
            end = match.Index + match.Length;
        }

        if (end < text.Length)
        {
            Split(text[end..], level + 1, words);
        }
    }
}
