using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Html;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>Writes the errors of quantization as a page with tables and plots.</summary>
internal static class QuantizationErrorPage
{
    private const int Width = 1000;
    private const int Height = 480;

    /// <summary>Writes the page.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="groupSize">The number of weights of a group.</param>
    /// <param name="report">The errors.</param>
    /// <param name="output">Receives the page; the caller owns it.</param>
    public static void Write(string model, int groupSize, QuantizationErrorReport report, TextWriter output)
    {
        var page = new HtmlPage(output, $"Quantization errors of {model}");
        page.Element("p", FormattableString.Invariant(
            $"{report.Tensors.Count} matrices. {report.LeftOutTensors} other tensors keep their type when the model is quantized."));
        page.Element("p", "An error is the root mean square of the differences, in percent of that of the weights.");
        if (report.Tensors.Any(static tensor => tensor.HasImportance))
        {
            page.Element("p", "The squares are weighted by an importance matrix, where it has the tensor.");
        }

        if (QuantizationErrorText.DescribeSample(report.Tensors) is { Length: > 0 } sample)
        {
            page.Element("p", sample);
        }

        WriteAll(report, groupSize, page);
        WriteTensors(report, page);
        WriteSchemes(report, page);
        WriteWeights(report, page);
        page.End();
    }

    private static void WriteAll(QuantizationErrorReport report, int groupSize, HtmlPage page)
    {
        IReadOnlyList<WayToQuantize> all = WayToQuantize.OfAll(report.Tensors);
        page.Element("h2", "All tensors together");
        page.Element("p", FormattableString.Invariant(
            $"Types against plain rounding of {string.Join(" and ", BitsOf(all))} bits: a scale for each tensor, row (channel) or group ")
            + FormattableString.Invariant($"of {groupSize} weights; symmetric, or asymmetric with a minimum. Scales and minima take 16 ")
            + "bits. Ways that not all tensors can have are left out here.");
        PlotModel plot = CreatePlot("error, %");
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "bits per weight", MajorGridlineStyle = LineStyle.Dot });
        plot.Series.Add(ToPoints("types", all.Where(static way => way.Scheme is null), MarkerType.Circle));
        plot.Series.Add(ToPoints("plain rounding", all.Where(static way => way.Scheme is not null), MarkerType.Triangle));
        foreach (WayToQuantize way in all)
        {
            plot.Annotations.Add(new TextAnnotation
            {
                Text = way.Name,
                TextPosition = new DataPoint(way.BitsPerWeight, 100 * way.RelativeError),
                TextHorizontalAlignment = HorizontalAlignment.Left,
                TextVerticalAlignment = VerticalAlignment.Middle,
                Offset = new ScreenVector(6, 0),
                StrokeThickness = 0,
                FontSize = 9,
            });
        }

        page.Plot(plot, Width, Height);
        page.Table(
            [new("way", IsText: true), new("bits per weight"), new("error, %")],
            all.OrderBy(static way => way.BitsPerWeight).Select(static way => (IEnumerable<HtmlCell>)
                [new(way.Name, IsText: true), new(Number(way.BitsPerWeight, 4)), new(Percent(way.RelativeError))]));
    }

    private static IEnumerable<int> BitsOf(IEnumerable<WayToQuantize> ways) =>
        ways.Where(static way => way.Scheme is not null).Select(static way => way.Scheme!.Bits).Distinct();

    private static ScatterSeries ToPoints(string title, IEnumerable<WayToQuantize> ways, MarkerType marker)
    {
        var series = new ScatterSeries { Title = title, MarkerType = marker, MarkerSize = 4 };
        series.Points.AddRange(ways.Select(static way => new ScatterPoint(way.BitsPerWeight, 100 * way.RelativeError)));
        return series;
    }

    private static void WriteTensors(QuantizationErrorReport report, HtmlPage page)
    {
        page.Element("h2", "Error of each tensor in each way, %");
        page.Element("p", "A darker cell has a larger error than other tensors have in the same way.");
        IReadOnlyList<string> names = WayToQuantize.NamesOf(report.Tensors);
        Dictionary<string, WayToQuantize>[] ways =
            [.. report.Tensors.Select(static tensor => WayToQuantize.Of(tensor).ToDictionary(static way => way.Name))];
        Dictionary<string, double> largest = names.ToDictionary(
            static name => name, name => ways.Max(tensor => tensor.GetValueOrDefault(name)?.RelativeError ?? 0));
        page.Table(
            [new("tensor", IsText: true), .. names.Select(static name => new HtmlCell(name))],
            report.Tensors.Select((tensor, i) => (IEnumerable<HtmlCell>)
            [
                new(OneLine.Value(tensor.Name), IsText: true),
                .. names.Select(name => ways[i].TryGetValue(name, out WayToQuantize? way)
                    ? new HtmlCell(Percent(way.RelativeError), Shade: Shade(way.RelativeError, largest[name]))
                    : new HtmlCell("")),
            ]));
    }

    /// <summary>Gets the shade of an error: none for half of the largest one or less.</summary>
    private static double Shade(double error, double largest) => largest > 0 ? Math.Max(0, (2 * error / largest) - 1) * 0.7 : 0;

    private static void WriteSchemes(QuantizationErrorReport report, HtmlPage page)
    {
        foreach (int bits in report.Tensors[0].Schemes.Select(static error => error.Scheme.Bits).Distinct())
        {
            page.Element("h2", FormattableString.Invariant($"Plain rounding to {bits} bits, tensor by tensor"));
            PlotModel plot = CreatePlot("error, %");
            AddTensorAxis(plot, report);
            foreach (IGrouping<string, (WayToQuantize Way, int Tensor)> way in report.Tensors
                .SelectMany(static (tensor, i) => WayToQuantize.Of(tensor).Select(way => (Way: way, Tensor: i)))
                .Where(item => item.Way.Scheme?.Bits == bits).GroupBy(static item => item.Way.Name))
            {
                var line = new LineSeries { Title = way.Key, MarkerType = MarkerType.Circle, MarkerSize = 2 };
                line.Points.AddRange(way.Select(static item => new DataPoint(item.Tensor, 100 * item.Way.RelativeError)));
                plot.Series.Add(line);
            }

            page.Plot(plot, Width, Height);
        }
    }

    private static void WriteWeights(QuantizationErrorReport report, HtmlPage page)
    {
        page.Element("h2", "Ranges and outliers");
        page.Element("p", FormattableString.Invariant(
            $"Outliers are more than {TensorErrorReport.OutlierDeviations} standard deviations from the mean: 0.0063 % of a normal ")
            + "distribution. The excess kurtosis of a normal distribution is 0.");
        PlotModel plot = CreatePlot("largest distance from the mean, standard deviations");
        AddTensorAxis(plot, report);
        var line = new StemSeries { MarkerType = MarkerType.Circle, MarkerSize = 3 };
        line.Points.AddRange(report.Tensors.Select(static (tensor, i) => new DataPoint(i, tensor.LargestDeviation)));
        plot.Series.Add(line);
        page.Plot(plot, Width, Height);
        string[] titles =
            ["type", "shape", "rows", "measured", "least", "greatest", "mean", "deviation", "kurtosis", "outliers, %", "largest"];
        page.Table(
            [new("tensor", IsText: true), .. titles.Select(static title => new HtmlCell(title))],
            report.Tensors.Select(static tensor => (IEnumerable<HtmlCell>)
            [
                new(OneLine.Value(tensor.Name), IsText: true), new(tensor.Type.ToString()), new(QuantizationErrorText.Shape(tensor)),
                new(Number(tensor.Rows, 0)), new(Number(tensor.MeasuredRows, 0)), new(Number(tensor.Least, 4)),
                new(Number(tensor.Greatest, 4)), new(Number(tensor.Mean, 6)), new(Number(tensor.Deviation, 5)),
                new(Number(tensor.Kurtosis, 2)), new(Number(100 * tensor.OutlierShare, 4)), new(Number(tensor.LargestDeviation, 1)),
            ]));
    }

    private static PlotModel CreatePlot(string unit)
    {
        var plot = new PlotModel { PlotAreaBorderThickness = new OxyThickness(1, 0, 0, 1) };
        plot.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Left,
            Title = unit,
            Minimum = 0,
            MinimumPadding = 0,
            MaximumPadding = 0.06,
            MajorGridlineStyle = LineStyle.Dot,
        });
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop, LegendPlacement = LegendPlacement.Outside });
        return plot;
    }

    private static void AddTensorAxis(PlotModel plot, QuantizationErrorReport report) => plot.Axes.Add(new LinearAxis
    {
        Position = AxisPosition.Bottom,
        Title = FormattableString.Invariant($"tensor, 0 to {report.Tensors.Count - 1}, in the order of the table"),
        Minimum = -0.5,
        Maximum = report.Tensors.Count - 0.5,
    });

    private static string Percent(double share) => Number(100 * share, 2);

    private static string Number(double value, int digits) =>
        value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
