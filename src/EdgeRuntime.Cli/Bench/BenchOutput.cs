using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Collects measurements and writes them in one format: JSON lines at once, other formats at the end.</summary>
/// <param name="format">The format.</param>
/// <param name="columns">The columns of tables.</param>
/// <param name="plots">The plots of the page.</param>
/// <param name="machine">The machine that is measured.</param>
/// <param name="tableWidth">The maximum number of characters in a line of a table.</param>
/// <param name="output">Receives the text; the caller owns it.</param>
internal sealed class BenchOutput(
    BenchFormat format, IReadOnlyList<BenchColumn> columns, IReadOnlyList<BenchPlot> plots, MachineFacts machine, int tableWidth,
    TextWriter output)
{
    private readonly List<BenchRow> _rows = [];

    public void Add(BenchRow row)
    {
        _rows.Add(row);
        if (format == BenchFormat.Jsonl)
        {
            output.Write(BenchReport.ToJsonLine(row) + "\n");
        }
    }

    /// <summary>Completes the output; must be called after the last measurement.</summary>
    public void Complete()
    {
        switch (format)
        {
            case BenchFormat.Table:
                BenchReport.WriteTable(_rows, columns, tableWidth, output);
                output.Write(machine.Summary + "\n");
                break;
            case BenchFormat.Md:
                BenchReport.WriteMarkdown(_rows, columns, output);
                break;
            case BenchFormat.Csv:
                BenchReport.WriteCsv(_rows, output);
                break;
            case BenchFormat.Html:
                HtmlReport.Write(_rows, columns, plots, machine, output);
                break;
        }
    }
}
