using System;
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
        Assert.StartsWith($"{threads} threads: expected 1 to 1024", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(ModelOptions.MaxThreads)]
    public void Threads_InRange_AreKept(int? threads) => Assert.Equal(threads, new ModelOptions { Threads = threads }.Threads);
}
