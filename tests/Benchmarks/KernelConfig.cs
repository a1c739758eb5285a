using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
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
        AddColumn(new RateColumn("GOPS", nameof(GemmBenchmarks), GemmBenchmarks.Operations));
        AddColumn(new RateColumn("GB/s", nameof(GemvBenchmarks), GemvBenchmarks.Bytes));
        AddLogger(ConsoleLogger.Default);
        AddExporter(MarkdownExporter.GitHub);
    }
}
