using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>Converts between the code points that Python counts and the UTF-16 units that .NET counts.</summary>
internal static class CodePoints
{
    /// <summary>Gets the number of units of the code point at an index: 2 for a surrogate pair.</summary>
    public static int LengthAt(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    public static int Count(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        int from = FirstSurrogate(text);
        for (int i = from; i >= 0 && i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]))
            {
                count--;
                i++;
            }
        }

        return count;
    }

    /// <summary>Gets the code point at an index. An unpaired surrogate is its own code point.</summary>
    public static int ValueAt(string text, int index) =>
        LengthAt(text, index) == 2 ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];

    /// <summary>Gets the number of units of the code point that ends at an index.</summary>
    public static int LengthBefore(string text, int end) =>
        end > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;

    /// <summary>
    /// Gets the first unit of the code point at an index, or the length of the text if the index is the number of code points.
    /// </summary>
    public static int UnitAt(string text, int index)
    {
        int unit = 0;
        for (; index > 0 && unit < text.Length; index--)
        {
            unit += LengthAt(text, unit);
        }

        return unit;
    }

    /// <summary>Python's <c>str.isspace</c> for one character.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsSpace(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Converts line endings to Python's universal newlines: CR LF and CR become LF. No other character is a line break.</summary>
    public static string ReplaceLineEndingsLikePython(this string text) => text.Contains('\r')
        ? text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n')
        : text;

    /// <summary>Splits a text into lines like Python's <c>str.splitlines</c>.</summary>
    /// <returns>The start and the end of each line.</returns>
    public static IEnumerable<(int Start, int End)> Lines(string text, bool keepEnds)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
            {
                continue;
            }

            int end = i;
            i += text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
            yield return (start, keepEnds ? i + 1 : end);
            start = i + 1;
        }

        if (start < text.Length)
        {
            yield return (start, text.Length);
        }
    }

    /// <summary>Gets the first unit of each code point.</summary>
    public static int[] Units(string text, int count)
    {
        var units = new int[count];
        for (int i = 0, unit = 0; i < count; unit += LengthAt(text, unit), i++)
        {
            units[i] = unit;
        }

        return units;
    }

    private static int FirstSurrogate(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\ud800', '\udfff');
}
