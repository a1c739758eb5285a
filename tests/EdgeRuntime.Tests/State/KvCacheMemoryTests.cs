using System.Diagnostics;
using EdgeRuntime.Formats;
using EdgeRuntime.State;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests.State;

/// <summary>Resident memory is the process's: alone, because a model that another test loads would count.</summary>
[Collection(nameof(Alone))]
public sealed class KvCacheMemoryTests
{
    [Fact]
    public void Constructor_LargeCapacity_TakesNoMemoryYet()
    {
        using Process process = Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        using KvCache cache = new(KvCases.Layers(32, 8, 128, 128, TensorType.F16), 8192, 512);
        process.Refresh();
        Assert.Equal(1L << 30, cache.ByteSize);
        Assert.True(process.WorkingSet64 - before < 200L << 20, "a cache of 1 GB took memory before it was used");
    }
}
