using System;
using System.Globalization;
using System.Text;

namespace EdgeRuntime.Gguf;

/// <summary>Formats text of a file for a message: one line, short, and without terminal control sequences.</summary>
internal static class GgufText
{
    /// <summary>The largest number of characters in a quotation, escapes included. The last character may exceed it.</summary>
    private const int MaxShown = 64;

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Quotes the text. Long text is cut, and characters that are not plainly visible become \u escapes.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        StringBuilder quoted = new(MaxShown + 16);
        quoted.Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (quoted.Length > MaxShown)
            {
                return quoted.Append("...\"").ToString();
            }

            if (rune.Value is '"' or '\\')
            {
                quoted.Append('\\').Append((char)rune.Value);
            }
            else if (IsVisible(rune))
            {
                quoted.Append(rune.ToString());
            }
            else
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
        }

        return quoted.Append('"').ToString();
    }

    /// <inheritdoc cref="Quote(ReadOnlySpan{char})"/>
    public static string Quote(ReadOnlySpan<byte> utf8) =>
        Quote(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 4 * MaxShown + 4)]));

    /// <summary>Decodes valid UTF-8 without control characters; returns null for anything else.</summary>
    public static string? DecodeName(ReadOnlySpan<byte> utf8)
    {
        if (utf8.ContainsAnyInRange((byte)0, (byte)0x1F) || utf8.Contains((byte)0x7F) || !System.Text.Unicode.Utf8.IsValid(utf8))
        {
            return null;
        }

        return _strict.GetString(utf8);
    }

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);
}
