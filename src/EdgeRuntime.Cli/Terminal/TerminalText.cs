using System;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Makes foreign text safe to show: what a model or a file says must not move the cursor, set the title or recolour the screen.
/// </summary>
internal static class TerminalText
{
    /// <summary>The text without control characters (C0 with ESC, DEL, C1), but with line feeds and tabs.</summary>
    public static string Clean(string text)
    {
        int first = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (first < 0)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length).Append(text, 0, first);
        foreach (char c in text.AsSpan(first))
        {
            if (c is '\n' or '\t' || !char.IsControl(c))
            {
                clean.Append(c);
            }
        }

        return clean.ToString();
    }
}
