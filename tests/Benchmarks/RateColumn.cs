using System;
using System.Globalization;
using System.Linq;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace EdgeRuntime.Benchmarks;

/// <summary>Work a nanosecond, from the median: 10^9 operations or bytes a second.</summary>
/// <param name="name">The column's name.</param>
/// <param name="type">The benchmark class that it is for.</param>
/// <param name="work">Operations or bytes of one call, for the value of the parameter "Type".</param>
public sealed class RateColumn(string name, string type, Func<string, double> work) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => $"{name} of one thread, from the median";

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(item => item.Descriptor.Type.Name == type);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? median = summary[benchmarkCase]?.ResultStatistics?.Median;
        return median is null || benchmarkCase.Descriptor.Type.Name != type
            ? "-"
            : (work((string)benchmarkCase.Parameters["Type"]) / median.Value).ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
