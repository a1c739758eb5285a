using System;
using System.Globalization;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// Converts a text to one char per code point, for regular expressions. .NET's expressions work on UTF-16, where a letter above U+FFFF is
/// two surrogates and not a letter, and know the categories of the framework's version of Unicode. Where these matter, a code point is
/// replaced by a char of its category that no pattern mentions.
/// </summary>
internal static class CategoryText
{
    // The cased alphabets above U+FFFF, which the pattern of deepseek-llm lists with the other cased alphabets.
    private static readonly (int First, int Last)[] CasedAlphabets =
    [
        (0x10400, 0x1044F), (0x104B0, 0x104D3), (0x104D8, 0x104FB), (0x10C80, 0x10CB2), (0x10CC0, 0x10CF2), (0x118A0, 0x118DF),
        (0x1E900, 0x1E943),
    ];

    /// <summary>Converts a text.</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="target">At least as many chars as the text has bytes.</param>
    /// <returns>The number of chars written, which is the number of code points.</returns>
    public static int Write(ReadOnlySpan<byte> text, Span<char> target)
    {
        int written = 0;
        while (text.Length > 0)
        {
            if (text[0] < 0x80)
            {
                target[written++] = (char)text[0];
                text = text[1..];
                continue;
            }

            _ = Rune.DecodeFromUtf8(text, out Rune rune, out int length);
            target[written++] = rune.IsBmp && !Characters.IsLater(rune.Value) ? (char)rune.Value : Represent(rune);
            text = text[length..];
        }

        return written;
    }

    private static char Represent(Rune rune)
    {
        switch (Characters.GetCategory(rune.Value))
        {
            case UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter:
                return Array.Exists(CasedAlphabets, range => rune.Value >= range.First && rune.Value <= range.Last) ? 'À' : 'ª';
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                return '\u0300';
            case UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber:
                return '²';
            case UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation:
                return '¡';
            case UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
                or UnicodeCategory.OtherSymbol:
                return '¢';
            default:
                return '\uE000';
        }
    }
}
