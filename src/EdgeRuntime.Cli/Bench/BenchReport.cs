using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Terminal;
using Spectre.Console;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The output format of measurements.</summary>
internal enum BenchFormat
{
    /// <summary>Aligned columns for a terminal.</summary>
    Table,

    /// <summary>A Markdown table.</summary>
    Md,

    /// <summary>All fields, one line a measurement, with a header.</summary>
    Csv,

    /// <summary>All fields, one JSON object a line, each written as soon as it is measured.</summary>
    Jsonl,

    /// <summary>A self-contained page with tables and plots.</summary>
    Html,
}

/// <summary>Writes rows as text.</summary>
internal static class BenchReport
{
    /// <summary>Formats a row as one JSON object, without a line end.</summary>
    public static string ToJsonLine(BenchRow row) => JsonText.FormatLine(row.ToJson());

    public static void WriteCsv(IReadOnlyCollection<BenchRow> rows, TextWriter output)
    {
        string[] names = [.. rows.SelectMany(row => row.Select(field => field.Key)).Distinct()];
        output.Write(string.Join(',', names) + "\n");
        foreach (BenchRow row in rows)
        {
            output.Write(string.Join(',', names.Select(name => Quote(row.Text(name)))) + "\n");
        }
    }

    public static void WriteMarkdown(IReadOnlyCollection<BenchRow> rows, IReadOnlyList<BenchColumn> columns, TextWriter output)
    {
        IReadOnlyList<BenchColumn> used = BenchColumn.Used(columns, rows);
        output.Write($"| {string.Join(" | ", used.Select(column => column.Title))} |\n");
        output.Write($"| {string.Join(" | ", used.Select(column => column.IsNumber ? "---:" : "---"))} |\n");
        foreach (BenchRow row in rows)
        {
            IEnumerable<string> cells = used.Select(column => column.Format(row).Replace("|", "\\|", StringComparison.Ordinal));
            output.Write($"| {string.Join(" | ", cells)} |\n");
        }
    }

    /// <summary>Writes a table for a screen; a table that is too wide is split into parts, each with the key columns.</summary>
    /// <param name="rows">The measurements.</param>
    /// <param name="columns">The columns that may be shown.</param>
    /// <param name="width">The maximum number of characters in a line.</param>
    /// <param name="output">Receives the text.</param>
    public static void WriteTable(IReadOnlyCollection<BenchRow> rows, IReadOnlyList<BenchColumn> columns, int width, TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = int.MaxValue / 2;
        foreach (IReadOnlyList<BenchColumn> part in Split(BenchColumn.Used(columns, rows), rows, width))
        {
            var table = new Table().Border(TableBorder.Simple);
            foreach (BenchColumn column in part)
            {
                var header = new TableColumn(Markup.Escape(column.Title)).NoWrap();
                table.AddColumn(column.IsNumber ? header.RightAligned() : header);
            }

            foreach (BenchRow row in rows)
            {
                table.AddRow([.. part.Select(column => new Text(column.Format(row)))]);
            }

            console.Write(table);
        }
    }

    /// <summary>
    /// Splits the columns, in order, into as few parts as fit the width. A part has at least one column besides the keys, even if that is
    /// too wide.
    /// </summary>
    private static List<IReadOnlyList<BenchColumn>> Split(IReadOnlyList<BenchColumn> columns, IReadOnlyCollection<BenchRow> rows, int width)
    {
        const int Margins = 4;
        const int Gap = 3;
        int WidthOf(BenchColumn column) => Gap + rows.Select(row => column.Format(row).Length).Append(column.Title.Length).Max();
        if (columns.Sum(WidthOf) + Margins - Gap <= width)
        {
            return [columns];
        }

        int keysWidth = columns.Where(column => column.IsKey).Sum(WidthOf) + Margins - Gap;
        var parts = new List<IReadOnlyList<BenchColumn>>();
        var part = new HashSet<BenchColumn>();
        int partWidth = keysWidth;
        void End()
        {
            parts.Add([.. columns.Where(column => column.IsKey || part.Contains(column))]);
            part.Clear();
            partWidth = keysWidth;
        }

        foreach (BenchColumn column in columns.Where(column => !column.IsKey))
        {
            if (part.Count > 0 && partWidth + WidthOf(column) > width)
            {
                End();
            }

            part.Add(column);
            partWidth += WidthOf(column);
        }

        End();
        return parts;
    }

    private static string Quote(string text) =>
        text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
