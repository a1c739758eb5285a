using System;
using System.Buffers;
using System.Globalization;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Makes text safe for a terminal: characters that would control it or falsify its display are shown instead. Control characters appear as
/// <c>^[</c>, like in <c>cat -v</c> and <c>less</c>; others appear as their number, such as <c>&lt;U+202E&gt;</c>.
/// </summary>
/// <remarks>
/// The characters shown are C0 except line feed and tab, DEL, C1, line and paragraph separators, and format characters (bidirectional
/// overrides and isolates, invisible operators, tags, byte order marks). ZWJ and ZWNJ pass because emoji and several scripts need them. The
/// Arabic, Syriac and Kaithi number signs pass because they have a glyph. Every character is judged separately, so a sequence may be split
/// over any number of pieces; half of a surrogate pair waits for the other half.
/// </remarks>
internal sealed class TerminalFilter
{
    private readonly ArrayBufferWriter<char> _shown = new();
    private char _highSurrogate; // the last character of the previous piece, or 0

    /// <summary>Filters a whole text.</summary>
    public static string Show(string text) => new TerminalFilter().Apply(text) is var shown && shown == text ? text : shown.ToString();

    /// <summary>Gets whether a terminal must not receive this character unchanged.</summary>
    public static bool IsDangerous(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control => rune.Value is not ('\n' or '\t'),
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Format => !HasUse(rune.Value),
        _ => false,
    };

    /// <summary>Gets what is shown in place of a character: <c>^[</c> for a control character, <c>&lt;U+202E&gt;</c> for others.</summary>
    public static string ShowControl(Rune rune) =>
        rune.Value is < ' ' or '\x7F' ? $"^{(char)(rune.Value ^ 0x40)}" : FormattableString.Invariant($"<U+{rune.Value:X4}>");

    /// <summary>Filters the next piece of a stream.</summary>
    /// <returns>The filtered text, valid until the next call.</returns>
    public ReadOnlySpan<char> Apply(ReadOnlySpan<char> piece)
    {
        if (_highSurrogate == 0 && IsPlain(piece))
        {
            return piece;
        }

        _shown.ResetWrittenCount();
        foreach (char c in piece)
        {
            Add(c);
        }

        return _shown.WrittenSpan;
    }

    private static bool IsPlain(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c is not ((>= ' ' and <= '~') or '\n' or '\t'))
            {
                return false;
            }
        }

        return true;
    }

    private void Add(char c)
    {
        if (_highSurrogate != 0)
        {
            char high = _highSurrogate;
            _highSurrogate = '\0';
            if (char.IsLowSurrogate(c))
            {
                Add(new Rune(high, c));
                return;
            }

            Add(Rune.ReplacementChar);
        }

        if (char.IsHighSurrogate(c))
        {
            _highSurrogate = c;
        }
        else
        {
            Add(char.IsLowSurrogate(c) ? Rune.ReplacementChar : new Rune(c));
        }
    }

    private void Add(Rune rune)
    {
        if (!IsDangerous(rune))
        {
            Span<char> units = stackalloc char[2];
            _shown.Write(units[..rune.EncodeToUtf16(units)]);
        }
        else
        {
            _shown.Write(ShowControl(rune));
        }
    }

    /// <summary>Gets whether a format character joins letters or has its own glyph.</summary>
    private static bool HasUse(int codePoint) => codePoint
        is 0x200C or 0x200D // ZWNJ, ZWJ
        or (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x110BD or 0x110CD; // signs that enclose numbers
}
