using System;
using System.Text;
using Spectre.Console;

namespace EdgeRuntime.Cli.Chat;

/// <summary>A place on a terminal, counted from where a text begins.</summary>
/// <param name="Row">0 for the row in which the text begins.</param>
/// <param name="Column">0 for the left edge.</param>
internal readonly record struct ScreenCell(int Row, int Column)
{
    /// <summary>Where the character behind a text goes that a terminal wraps; a wide character never stands in two rows.</summary>
    /// <param name="text">One line, which begins at the left edge.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static ScreenCell Behind(string text, int width)
    {
        int row = 0;
        int column = 0;
        Span<char> units = stackalloc char[2];
        foreach (Rune rune in text.EnumerateRunes())
        {
            int cells = units[..rune.EncodeToUtf16(units)].ToString().GetCellWidth();
            if (column + cells > width)
            {
                row++;
                column = 0;
            }

            column += cells;
        }

        return column >= width ? new ScreenCell(row + 1, 0) : new ScreenCell(row, column);
    }
}
