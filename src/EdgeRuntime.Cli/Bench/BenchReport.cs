using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace EdgeRuntime.Cli.Bench;

/// <summary>How measurements are written.</summary>
internal enum BenchFormat
{
    /// <summary>Columns for a person at a terminal.</summary>
    Table,

    /// <summary>A Markdown table.</summary>
    Md,

    /// <summary>All fields, one line a measurement, with a header.</summary>
    Csv,

    /// <summary>All fields, one JSON object a line, each written as soon as it is there.</summary>
    Jsonl,

    /// <summary>One page with tables and plots that needs no network.</summary>
    Html,
}

/// <summary>Writes rows as text.</summary>
internal static class BenchReport
{
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON object, without a line end.</summary>
    public static string ToJsonLine(BenchRow row) => row.ToJson().ToJsonString(OneLine);

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
            output.Write($"| {string.Join(" | ", used.Select(column => column.Format(row).Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
        }
    }

    public static void WriteTable(IReadOnlyCollection<BenchRow> rows, IReadOnlyList<BenchColumn> columns, TextWriter output)
    {
        IReadOnlyList<BenchColumn> used = BenchColumn.Used(columns, rows);
        var table = new Table().Border(TableBorder.Simple);
        foreach (BenchColumn column in used)
        {
            var header = new TableColumn(Markup.Escape(column.Title)).NoWrap();
            table.AddColumn(column.IsNumber ? header.RightAligned() : header);
        }

        foreach (BenchRow row in rows)
        {
            table.AddRow([.. used.Select(column => new Text(column.Format(row)))]);
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = Console.IsOutputRedirected ? int.MaxValue / 2 : Math.Max(80, Console.WindowWidth);
        console.Write(table);
    }

    private static string Quote(string text) =>
        text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
