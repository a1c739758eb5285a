using System;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// Searches a pattern in time linear in the pattern and the text. Short patterns use .NET's vectorized search, whose worst case is the
/// product of the lengths; longer ones use the algorithm of Knuth, Morris and Pratt.
/// </summary>
/// <param name="pattern">The text to search for.</param>
/// <param name="fromEnd">Whether to find the last occurrence instead of the first.</param>
internal sealed class TextSearch(string pattern, bool fromEnd = false)
{
    // Up to this length the product of the lengths is as good as linear.
    private const int ShortPattern = 32;

    // For each length of a matched prefix: the length of its longest proper prefix that is also its suffix.
    private int[]? _borders;

    /// <summary>Finds the pattern; returns the start index, or -1.</summary>
    public int Find(ReadOnlySpan<char> text)
    {
        if (pattern.Length <= ShortPattern)
        {
            return fromEnd ? text.LastIndexOf(pattern) : text.IndexOf(pattern);
        }

        return pattern.Length > text.Length ? -1 : FindLong(text);
    }

    private int FindLong(ReadOnlySpan<char> text)
    {
        int[] borders = _borders ??= MakeBorders();
        int matched = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = fromEnd ? text[text.Length - 1 - i] : text[i];
            matched = Extend(borders, matched, c);
            if (matched == pattern.Length)
            {
                return fromEnd ? text.Length - 1 - i : i + 1 - pattern.Length;
            }
        }

        return -1;
    }

    private int[] MakeBorders()
    {
        int[] borders = new int[pattern.Length];
        for (int i = 1; i < borders.Length; i++)
        {
            borders[i] = Extend(borders, borders[i - 1], At(i));
        }

        return borders;
    }

    // Gets the length of the matched prefix after one more character.
    private int Extend(int[] borders, int matched, char c)
    {
        while (matched > 0 && At(matched) != c)
        {
            matched = borders[matched - 1];
        }

        return At(matched) == c ? matched + 1 : 0;
    }

    private char At(int index) => fromEnd ? pattern[pattern.Length - 1 - index] : pattern[index];
}
