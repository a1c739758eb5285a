using System;
using System.IO;
using System.Linq;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace EdgeRuntime.Benchmarks;

/// <summary>
/// A roofline plot for each format: operations a second against operations per byte of weights, under what the machine can read and
/// compute. From a folder's <c>limits.csv</c> and the reports that <see cref="KernelConfig"/> exports, <c>*-report.csv</c>; an
/// <c>.svg</c> for each format goes into the same folder.
/// </summary>
internal static class RooflinePlots
{
    private const double LeastIntensity = 0.5;
    private const double MostIntensity = 8192;

    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0x2F, 0x6F, 0xB7), OxyColor.FromRgb(0xD9, 0x7A, 0x1E),
        OxyColor.FromRgb(0x3A, 0x94, 0x4A), OxyColor.FromRgb(0x8E, 0x4B, 0xA8),
    ];

    /// <summary>Draws the plots of a machine.</summary>
    /// <param name="folder">Its data, such as docs/benchmarks/zen4-2-cores.</param>
    /// <exception cref="InvalidDataException">A file or a column is missing.</exception>
    public static void Draw(string folder)
    {
        Limit[] limits = [.. CsvTable.Read(Path.Combine(folder, "limits.csv"))
            .Select(row => new Limit(row["Limit"], row["Kind"], row["Isa"], CsvTable.Number(row["Value"])))];
        Point[] points = [.. Directory.GetFiles(folder, "*-report.csv").Order(StringComparer.Ordinal).SelectMany(CsvTable.Read)
            .Where(row => row["GOPS"] != "-")
            .Select(row => new Point(row["Format"], row["Isa"], CsvTable.Number(row["ops/byte"]), CsvTable.Number(row["GOPS"])))];
        if (points.Length == 0)
        {
            throw new InvalidDataException($"{folder}: no measured kernels: expected *-report.csv of ./build.sh bench");
        }

        foreach (IGrouping<string, Point> format in points.GroupBy(point => point.Format))
        {
            string svg = new SvgExporter { Width = 560, Height = 400 }.ExportToString(Plot(format.Key, limits, [.. format]));
            File.WriteAllText(Path.Combine(folder, format.Key + ".svg"), svg.Replace("\r\n", "\n", StringComparison.Ordinal));
        }
    }

    private static PlotModel Plot(string format, Limit[] limits, Point[] points)
    {
        var model = new PlotModel { Title = format, Background = OxyColors.White, DefaultFont = "Arial" };

        // OxyPlot measures texts in points and writes them in pixels, a third larger: what surrounds them has to give way.
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.BottomRight, LegendPadding = 36, LegendLineSpacing = 4 });
        model.Axes.Add(Axis(AxisPosition.Bottom, "operations per byte of weights", LeastIntensity, MostIntensity));
        model.Axes.Add(Axis(AxisPosition.Left, "GOPS, one core", 10, 2000));
        double read = limits.Single(limit => limit.Kind == Limit.Read).Value;
        string kind = format is "F32" or "F16" or "BF16" ? "float" : "int8";
        string[] sets = [.. points.Select(point => point.Isa).Distinct()];
        foreach (Limit limit in limits.Where(limit => limit.Kind == kind))
        {
            model.Series.Add(Roof(limit, read, Colour(sets, limit.Isa)));
        }

        foreach (string set in sets)
        {
            var measured = new ScatterSeries
            {
                Title = set,
                MarkerType = MarkerType.Circle,
                MarkerSize = 5,
                MarkerFill = Colour(sets, set),
            };
            measured.Points.AddRange(points
                .Where(point => point.Isa == set)
                .Select(point => new ScatterPoint(point.Intensity, point.Gops)));
            model.Series.Add(measured);
        }

        return model;
    }

    private static LogarithmicAxis Axis(AxisPosition position, string title, double minimum, double maximum) => new()
    {
        Position = position,
        Title = title,
        AxisTitleDistance = 10,
        Minimum = minimum,
        Maximum = maximum,
        MajorGridlineStyle = LineStyle.Dot,
    };

    /// <summary>Up the slope of the read bandwidth, then along the peak of an instruction.</summary>
    private static LineSeries Roof(Limit limit, double read, OxyColor colour)
    {
        var line = new LineSeries { Title = limit.Name, Color = colour, StrokeThickness = 1.5 };
        line.Points.AddRange(((double[])[LeastIntensity, limit.Value / read, MostIntensity])
            .Select(intensity => new DataPoint(intensity, Math.Min(limit.Value, read * intensity))));
        return line;
    }

    private static OxyColor Colour(string[] sets, string set) =>
        Array.IndexOf(sets, set) is >= 0 and int index ? Colours[index % Colours.Length] : OxyColors.Gray;

    /// <summary>What one core can do at most: GB/s of a sequential read, or 10^9 operations a second of an instruction.</summary>
    private sealed record Limit(string Name, string Kind, string Isa, double Value)
    {
        public const string Read = "read";
    }

    /// <summary>A measured kernel.</summary>
    private sealed record Point(string Format, string Isa, double Intensity, double Gops);
}
