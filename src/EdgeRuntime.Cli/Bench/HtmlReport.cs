using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Html;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Writes a self-contained page with tables and plots (SVG by OxyPlot), without scripts.</summary>
internal static class HtmlReport
{
    private const int BarsWidth = 560;

    /// <summary>Approximate width of a letter of the labels; the library measures another font than browsers use.</summary>
    private const int LetterWidth = 7;

    private const int BarHeight = 26;
    private const int AxisHeight = 90;

    public static void Write(
        IReadOnlyCollection<BenchRow> rows, IReadOnlyList<BenchColumn> columns, IReadOnlyList<BenchPlot> plots, MachineFacts machine,
        TextWriter output)
    {
        var page = new HtmlPage(output, "edgert bench");
        page.Element("p", machine.Summary);
        WriteTable(rows, BenchColumn.Used(columns, rows), page);
        foreach (BenchPlot plot in plots)
        {
            BenchRow[] shown = [.. rows.Where(row => row.Number(plot.Field) is not null && plot.Shows(row))];
            if (shown.Length > 0)
            {
                page.Element("h2", plot.Title);
                Draw(plot, shown, page);
            }
        }

        foreach (string source in rows.Select(row => row.Text("clock_source")).Where(text => text.Length > 0).Distinct())
        {
            page.Element("p", $"Clock: {source}.");
        }

        page.End();
    }

    private static void WriteTable(IReadOnlyCollection<BenchRow> rows, IReadOnlyList<BenchColumn> columns, HtmlPage page) => page.Table(
        columns.Select(static column => new HtmlCell(column.Title, !column.IsNumber)),
        rows.Select(row => columns.Select(column => new HtmlCell(column.Format(row), !column.IsNumber))));

    private static void Draw(BenchPlot plot, BenchRow[] rows, HtmlPage page)
    {
        IReadOnlyList<string> labels = BenchPlot.Labels(rows);
        int labelWidth = LetterWidth * (labels.Max(label => label.Length) + 2);
        var model = new PlotModel
        {
            PlotAreaBorderThickness = new OxyThickness(0),
            PlotMargins = new OxyThickness(labelWidth, double.NaN, double.NaN, double.NaN),
        };
        var names = new CategoryAxis { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, IsTickCentered = true };
        names.Labels.AddRange(labels);
        model.Axes.Add(names);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom,
            Title = plot.Unit,
            Minimum = 0,
            MinimumPadding = 0,
            MajorGridlineStyle = LineStyle.Dot,
            MaximumPadding = 0.12,
        });
        var bars = new BarSeries
        {
            FillColor = OxyColor.FromRgb(0x2F, 0x6F, 0xB7),
            LabelFormatString = "{0:0.##}",
            LabelPlacement = LabelPlacement.Outside,
            LabelMargin = 6,
        };
        bars.Items.AddRange(rows.Select(row => new BarItem(row.Number(plot.Field)!.Value)));
        model.Series.Add(bars);
        page.Plot(model, BarsWidth + labelWidth, AxisHeight + (BarHeight * rows.Length));
    }
}

/// <summary>A plot of one field over the rows that have it.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Field">The field that the bars show.</param>
/// <param name="Unit">The unit of the axis.</param>
/// <param name="TestPrefix">"pp" or "tg" for the rows of these tests only; empty for all.</param>
internal sealed record BenchPlot(string Title, string Field, string Unit, string TestPrefix = "")
{
    public static IReadOnlyList<BenchPlot> Measurement { get; } =
    [
        new("Prefill", "median_ts", "tok/s", "pp"),
        new("Decode", "median_ts", "tok/s", "tg"),
        new("Share of the machine's read bandwidth while decoding", "bandwidth_share", "1 = all of it"),
        new("Inter-token latency, 99th percentile", "latency_p99_ms", "ms"),
    ];

    public static IReadOnlyList<BenchPlot> Parallel { get; } =
    [
        new("Prefill, all sequences together", "speed_pp", "tok/s"),
        new("Decode, all sequences together", "speed_tg", "tok/s"),
    ];

    public static IReadOnlyList<BenchPlot> Comparison { get; } = [new("Speed as a multiple of llama.cpp's", "ratio", "ratio")];

    public bool Shows(BenchRow row) => row.Text("test").StartsWith(TestPrefix, StringComparison.Ordinal);

    /// <summary>Gets the labels of the bars; with the names of the files if two labels would be equal.</summary>
    public static IReadOnlyList<string> Labels(IReadOnlyCollection<BenchRow> rows)
    {
        string[] labels = [.. rows.Select(Label)];
        return labels.Distinct().Count() == rows.Count ? labels
            : [.. rows.Zip(labels, (row, label) => $"{Path.GetFileName(row.Text("model_filename"))} {label}".TrimStart())];
    }

    private static string Label(BenchRow row)
    {
        string model = row.Text("model_type") is { Length: > 0 } type ? type : row.Text("model");
        string threads = row.Text("n_threads") is { Length: > 0 } count ? count : row.Text("threads");
        return $"{model} {row.Text("test")}, {threads} {(threads == "1" ? "thread" : "threads")}";
    }
}
