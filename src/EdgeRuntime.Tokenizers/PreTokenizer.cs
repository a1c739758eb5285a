using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Tokenizers;

/// <summary>Cuts a text into the words in which BPE merges, by regular expressions; and what else its name stands for.</summary>
internal sealed class PreTokenizer
{
    private readonly string[] _patterns;
    private Regex[]? _expressions;

    /// <param name="names">The names that files give it.</param>
    /// <param name="patterns">
    /// The first one cuts the text into its matches and what lies between; each further one cuts the pieces of the one before.
    /// They see a text of <see cref="CategoryText"/>, one char for each code point.
    /// </param>
    public PreTokenizer(string[] names, params string[] patterns)
    {
        Names = names;
        _patterns = patterns;
    }

    /// <summary>The names that files give it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How the vocabularies that use it write their pieces.</summary>
    public PieceSpelling Spelling { get; init; } = PieceSpelling.ByteLevel;

    /// <summary>Whether a word that is a piece as a whole is taken at once.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Whether BOS is added where the file does not say.</summary>
    public bool AddsBegin { get; init; }

    /// <summary>Whether BOS is added even where the file says no.</summary>
    public bool ForcesBegin { get; init; }

    /// <summary>Whether its reference tidies the spaces of a decoded text.</summary>
    public bool TidiesSpaces { get; init; } = true;

    /// <summary>Cuts a text.</summary>
    /// <param name="text">UTF-8, valid.</param>
    /// <returns>Bytes of each word; together the text's length.</returns>
    public List<int> Split(ReadOnlySpan<byte> text)
    {
        // Several threads may build them at once; they build the same.
        _expressions ??= Array.ConvertAll(_patterns, static pattern => new Regex(pattern, RegexOptions.CultureInvariant));
        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length);
        int length = CategoryText.Write(text, buffer);
        var words = new List<int>((length / 4) + 1);
        Split(buffer.AsSpan(0, length), 0, words);
        ArrayPool<char>.Shared.Return(buffer);
        if (length != text.Length)
        {
            MeasureInBytes(text, words);
        }

        return words;
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
        if (level == _expressions!.Length)
        {
            words.Add(text.Length);
            return;
        }

        int end = 0;
        foreach (ValueMatch match in _expressions[level].EnumerateMatches(text))
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
