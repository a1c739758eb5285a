using System;
using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace EdgeRuntime.Benchmarks;

/// <summary>What one call of a benchmark does.</summary>
/// <param name="Operations">Multiplications and additions.</param>
/// <param name="Bytes">Bytes of weights, as the file has them.</param>
public sealed record KernelWork(double Operations, double Bytes)
{
    /// <summary>The work of a benchmark of this assembly.</summary>
    public static KernelWork Of(BenchmarkCase benchmark)
    {
        string format = (string)benchmark.Parameters["Format"];
        return benchmark.Descriptor.Type.Name == nameof(GemmBenchmarks) ? GemmBenchmarks.Work(format) : GemvBenchmarks.Work(format);
    }
}

/// <summary>A number that follows from the work of a call and the nanoseconds that it takes, the median.</summary>
/// <param name="name">The column's name.</param>
/// <param name="legend">What it says, with the unit.</param>
/// <param name="compute">The number.</param>
public sealed class WorkColumn(string name, string legend, Func<KernelWork, double, double> compute) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => summary[benchmarkCase]?.ResultStatistics?.Median is { } median
        ? compute(KernelWork.Of(benchmarkCase), median).ToString("F1", CultureInfo.InvariantCulture)
        : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
