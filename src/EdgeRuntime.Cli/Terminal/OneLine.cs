using System;
using System.Globalization;
using System.Linq;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Puts text from outside (templates, metadata, servers) on one line of bounded length.</summary>
internal static class OneLine
{
    /// <summary>The number of characters that a line shows of a text.</summary>
    public const int MaxCharacters = 2000;

    /// <summary>Joins the lines of a message with spaces and cuts it.</summary>
    public static string Message(string text) => Cut(text).ReplaceLineEndings(" ");

    /// <summary>
    /// Cuts a value and shows its line breaks as <see cref="TerminalFilter"/> shows control characters (<c>^J</c>), so that a value
    /// can't begin a line that looks like another fact.
    /// </summary>
    public static string Value(string text) => string.Concat(Cut(text).EnumerateRunes().Select(Show));

    /// <summary>Cuts a text that is longer than <see cref="MaxCharacters"/> and tells its length.</summary>
    public static string Cut(string text)
    {
        if (text.Length <= MaxCharacters)
        {
            return text;
        }

        int length = char.IsHighSurrogate(text[MaxCharacters - 1]) ? MaxCharacters - 1 : MaxCharacters;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, length)}... ({text.Length:N0} characters)");
    }

    private static string Show(Rune rune) => rune.Value is '\n' or '\r' or '\v' or '\f' or '\u0085' or '\u2028' or '\u2029'
        ? TerminalFilter.ShowControl(rune)
        : rune.ToString();
}
