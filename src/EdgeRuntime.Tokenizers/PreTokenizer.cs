using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace EdgeRuntime;

/// <summary>
/// Splits a text into the words within which BPE merges, by regular expressions. It also has the other properties that the name of a
/// pre-tokenizer implies.
/// </summary>
internal sealed class PreTokenizer
{
    private readonly string[] _patterns;
    private Regex[]? _expressions;

    /// <param name="names">The names in files.</param>
    /// <param name="patterns">
    /// The first expression splits the text into its matches and the text between them; each further one splits the pieces of the previous
    /// one. They match text of <see cref="CategoryText"/>, with one char per code point.
    /// </param>
    public PreTokenizer(string[] names, params string[] patterns)
    {
        Names = names;
        _patterns = patterns;
    }

    /// <summary>Gets the names in files.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Gets the spelling of pieces in the vocabularies that use it.</summary>
    public PieceSpelling Spelling { get; init; } = PieceSpelling.ByteLevel;

    /// <summary>Gets whether a word that is a piece becomes that token without merging.</summary>
    public bool IgnoresMerges { get; init; }

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

        // Several threads may create the expressions at once; the results are equal.
        _expressions ??= Array.ConvertAll(_patterns, static pattern => new Regex(pattern, RegexOptions.CultureInvariant));
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
