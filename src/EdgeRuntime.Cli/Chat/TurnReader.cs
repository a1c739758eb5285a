using System;
using System.Text;

namespace EdgeRuntime.Cli.Chat;

/// <summary>
/// Assembles a turn from lines: a line that ends with a backslash continues in the next, and <c>"""</c> opens a block that the next
/// <c>"""</c> closes.
/// </summary>
internal sealed class TurnReader(ILineSource lines)
{
    private const string Prompt = "> ";
    private const string ContinuationPrompt = ". ";
    private const string BlockMark = "\"\"\"";

    /// <summary>Gets whether Ctrl-C is a key, rather than a signal, while a turn is read.</summary>
    public bool TakesControlC => lines.TakesControlC;

    /// <summary>Reads one turn; its text is complete even if the input ends inside a block.</summary>
    public Line Read()
    {
        Line line = lines.Read(Prompt);
        if (line.End != LineEnd.Entered)
        {
            return line;
        }

        string start = line.Text.TrimStart();
        return start.StartsWith(BlockMark, StringComparison.Ordinal) ? ReadBlock(start[BlockMark.Length..]) : ReadContinued(line);
    }

    private Line ReadContinued(Line line)
    {
        var text = new StringBuilder();
        while (line.Text.EndsWith('\\'))
        {
            text.Append(line.Text, 0, line.Text.Length - 1).Append('\n');
            line = lines.Read(ContinuationPrompt);
            if (line.End != LineEnd.Entered)
            {
                return Ended(text, line);
            }
        }

        return line with { Text = text.Append(line.Text).ToString() };
    }

    private Line ReadBlock(string rest)
    {
        var text = new StringBuilder();
        while (true)
        {
            int close = rest.IndexOf(BlockMark, StringComparison.Ordinal);
            if (close >= 0)
            {
                return new Line(text.Append(rest, 0, close).ToString().Trim('\n'), LineEnd.Entered);
            }

            text.Append(rest).Append('\n');
            Line line = lines.Read(ContinuationPrompt);
            if (line.End != LineEnd.Entered)
            {
                return Ended(text, line);
            }

            rest = line.Text;
        }
    }

    private static Line Ended(StringBuilder text, Line line) =>
        line.End == LineEnd.Interrupted
            ? line
            : new Line(text.ToString().Trim('\n'), text.Length > 0 ? LineEnd.Entered : LineEnd.EndOfInput);
}
