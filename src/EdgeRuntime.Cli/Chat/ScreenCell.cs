using System.Text;
using Spectre.Console;

namespace EdgeRuntime.Cli.Chat;

/// <summary>A position on a terminal, relative to the start of a text.</summary>
/// <param name="Row">Row, 0 for the first row of the text.</param>
/// <param name="Column">Column, 0 at the left edge.</param>
internal readonly record struct ScreenCell(int Row, int Column)
{
    /// <summary>
    /// Gets the position after a text that the terminal wraps; a wide character is never split between two rows.
    /// </summary>
    /// <param name="text">One line, which starts at the left edge.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static ScreenCell Behind(string text, int width)
    {
        int row = 0;
        int column = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int cells = CellsOf(rune);
            if (column + cells > width)
            {
                row++;
                column = 0;
            }

            column += cells;
        }

        return column >= width ? new ScreenCell(row + 1, 0) : new ScreenCell(row, column);
    }

    /// <summary>Gets the number of columns that a character takes: 0 for a combining mark, 2 for a wide character.</summary>
    public static int CellsOf(Rune rune) => rune.Value is >= ' ' and <= '~' ? 1 : rune.ToString().GetCellWidth();
}
