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
    /// <summary>The char that represents Chinese characters above U+FFFF. U+01BB itself is represented by another letter.</summary>
    public const string Han = "\u01BB";

    // The cased alphabets above U+FFFF, which the pattern of deepseek-llm lists with the other cased alphabets.
    private static readonly (int First, int Last)[] CasedAlphabets =
    [
        (0x10400, 0x1044F), (0x104B0, 0x104D3), (0x104D8, 0x104FB), (0x10C80, 0x10CB2), (0x10CC0, 0x10CF2), (0x118A0, 0x118DF),
        (0x1E900, 0x1E943),
    ];

    // The unified and compatibility ideographs above U+FFFF that the pre-tokenizer of Kimi K2 lists.
    private static readonly (int First, int Last)[] Chinese =
    [
        (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0x2CEB0, 0x2EBEF), (0x2F800, 0x2FA1F),
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
            target[written++] = rune.IsBmp && rune.Value != Han[0] && !Characters.IsLater(rune.Value) ? (char)rune.Value : Represent(rune);
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
                return IsIn(CasedAlphabets, rune) ? 'À' : IsIn(Chinese, rune) ? Han[0] : 'ª';
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
                return '\u0378';
        }
    }

    private static bool IsIn((int First, int Last)[] ranges, Rune rune) =>
        Array.Exists(ranges, range => rune.Value >= range.First && rune.Value <= range.Last);
}
