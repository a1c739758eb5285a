using System.Diagnostics;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests;

/// <summary>Resident memory is the process's: alone, because a model that another test loads would count.</summary>
[Collection(nameof(Alone))]
public sealed class KvCacheMemoryTests
{
    [Fact]
    public void Constructor_LargeCapacity_TakesNoMemoryYet()
    {
        using Process process = Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        using KvCache cache = new(32, 8, 128, 128, 8192, KvCacheType.F16);
        process.Refresh();
        Assert.Equal(1L << 30, cache.ByteSize);
        Assert.True(process.WorkingSet64 - before < 200L << 20, "a cache of 1 GB took memory before it was used");
    }
}
