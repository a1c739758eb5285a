using System;
using EdgeRuntime.Tests.SideCar;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Tests.Models;

public sealed class ModelOptionsTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(ModelOptions.MaxThreads + 1)]
    public void Threads_OutOfRange_IsRefused(int threads)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new ModelOptions { Threads = threads });
        Assert.StartsWith($"Threads is {threads}; expected 1 to 1024", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(ModelOptions.MaxThreads)]
    public void Threads_InRange_AreKept(int? threads) => Assert.Equal(threads, new ModelOptions { Threads = threads }.Threads);

    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(2, null, 2)]
    [InlineData(3, null, 2)]
    [InlineData(ModelOptions.MaxThreads, null, 2)]
    [InlineData(null, 1, 1)]
    [InlineData(null, ModelOptions.MaxThreads, 2)]
    [InlineData(1, ModelOptions.MaxThreads, 1)]
    public void Resolve_Threads_AreBoundedByTheProcessors(int? asked, int? tuned, int expected)
    {
        TuningChoice? choice = tuned is { } threads ? new TuningChoice(threads, "scalar", "scalar", KvCacheType.F16, 512) : null;
        ComputeSettings settings = ComputeSettings.Resolve(new ModelOptions { Threads = asked, Processors = 2 }, choice);
        var log = new EventRecorder();
        settings.WarnOfBound(log);
        Assert.Equal((expected, asked ?? tuned), (settings.Threads, settings.WantedThreads));
        Assert.Equal(settings.WantedThreads > expected ? 1 : 0, log.Warnings.Length);
    }
}
