using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Csv;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace EdgeRuntime.Benchmarks;

/// <summary>Short runs inside this process, with the columns that kernels are judged by.</summary>
public sealed class KernelConfig : ManualConfig
{
    public KernelConfig()
    {
        AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithStrategy(RunStrategy.Monitoring).WithWarmupCount(2).WithIterationCount(9));
        AddColumnProvider(DefaultColumnProviders.Params, DefaultColumnProviders.Descriptor);
        AddColumn(StatisticColumn.Median, StatisticColumn.StdDev);
        AddColumn(new WorkColumn(
            "GOPS", "10^9 operations a second of one thread, from the median", (work, nanoseconds) => work.Operations / nanoseconds));
        AddColumn(new WorkColumn(
            "GB/s", "10^9 bytes of weights a second of one thread, from the median", (work, nanoseconds) => work.Bytes / nanoseconds));
        AddColumn(new WorkColumn("ops/byte", "Operations per byte of weights", (work, _) => work.Operations / work.Bytes));
        AddLogger(ConsoleLogger.Default);
        AddExporter(MarkdownExporter.GitHub, new CsvExporter(CsvSeparator.Comma));
    }
}
