using System;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>
/// Finds a text in others, in time linear in both. Short texts go to .NET's vectorized search, whose worst case is a product; the
/// others to the algorithm of Knuth, Morris and Pratt.
/// </summary>
/// <param name="pattern">What is looked for.</param>
/// <param name="fromEnd">Whether the last place is wanted, not the first.</param>
internal sealed class TextSearch(string pattern, bool fromEnd = false)
{
    // With so few characters the product is as good as linear.
    private const int ShortPattern = 32;

    // For each length of a matched front: the length of the longest shorter front that is also its end.
    private int[]? _borders;

    /// <summary>Where the pattern begins; -1 where the text hasn't it.</summary>
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

    // The length of the longest front of the pattern that ends with the character, after one of a length was matched.
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
