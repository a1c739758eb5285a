using System;
using EdgeRuntime.Formats;
using EdgeRuntime.State;
using Xunit;

namespace EdgeRuntime.Tests.State;

/// <summary>Caches whose layers keep a window, against caches that keep everything under the same mask.</summary>
public sealed class KvRingTests
{
    private const int Capacity = 2000;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 5, 30)]
    [InlineData(100, 3, 64)]
    [InlineData(256, 257, 256)]
    [InlineData(300, 300, 120)]
    [InlineData(700, 33, 250)]
    public void Append_RingsAndRewinds_GivesTheBitsOfAWholeCache(int window, int otherWindow, int batchTokens)
    {
        KvGeometry[] layers = KvCases.Mixed(window, otherWindow);
        using KvRun ring = new(layers, keepsAll: false, Capacity, batchTokens);
        using KvRun whole = new(layers, keepsAll: true, Capacity, batchTokens);
        Random random = new(window);
        for (int seed = 1; ring.Cache.Length < Capacity - batchTokens; seed++)
        {
            // The larger the batches, the fewer steps: single tokens pass over chunks quickly in between.
            int tokens = random.Next(1, batchTokens + 1);
            int before = ring.Cache.Length;
            if (random.Next(5) == 0)
            {
                ring.Abandon(tokens, seed: -seed);
            }

            Assert.Equal(whole.Append(tokens, seed), ring.Append(tokens, seed));
            Assert.True(ring.Cache.CanTruncate(before), "a batch cannot be taken back");
            int back = random.Next(3) == 0 ? random.Next(tokens + 1) : 0;
            ring.Cache.Truncate(ring.Cache.Length - back);
            whole.Cache.Truncate(whole.Cache.Length - back);
            if (batchTokens < 10)
            {
                SkipAhead(ring, whole, random.Next(100), seed);
            }
        }
    }

    [Fact]
    public void CanTruncate_WindowThatMovedOn_SaysNo()
    {
        using KvRun ring = new(KvCases.Mixed(512, 0), keepsAll: false, 4000, 64);
        while (ring.Cache.Length < 3900)
        {
            ring.Append(60, seed: 1);
        }

        // A window and a batch are 575 positions: four chunks at most, of which the last begins at 3840.
        int oldest = 3840 - (3 * 256);
        Assert.True(ring.Cache.CanTruncate(oldest + 511));
        Assert.False(ring.Cache.CanTruncate(oldest + 510));
        Assert.False(ring.Cache.CanTruncate(3901));
        Assert.False(ring.Cache.CanTruncate(-1));
        Assert.True(ring.Cache.CanTruncate(0));
        Assert.Throws<InvalidOperationException>(() => ring.Cache.Truncate(100));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Cache.Truncate(3901));
        Assert.Equal(3900, ring.Cache.Length);

        using KvRun fresh = new(KvCases.Mixed(512, 0), keepsAll: false, 4000, 64);
        ring.Cache.Truncate(0);
        Assert.Equal(fresh.Append(40, seed: 2), ring.Append(40, seed: 2));
        Assert.True(ring.Cache.CanTruncate(1));
    }

    [Fact]
    public void CanTruncate_BatchThatWasGivenUp_CountsItsDrops()
    {
        // One position more begins a chunk, for which the ring of three drops its oldest.
        using KvRun ring = new(KvCases.Layers(1, 1, 4, 4, TensorType.F32, window: 256), keepsAll: false, 4000, 256);
        for (int i = 0; i < 4; i++)
        {
            ring.Append(256, seed: 1);
        }

        Assert.True(ring.Cache.CanTruncate(512));
        ring.Abandon(1, seed: 2);
        Assert.False(ring.Cache.CanTruncate(512));
        Assert.True(ring.Cache.CanTruncate(1023));
    }

    [Fact]
    public void Reserve_MoreThanARingHolds_IsRefused()
    {
        using KvCache cache = new(KvCases.Mixed(100, 0), Capacity, 32);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Reserve(33));
        cache.Reserve(32);

        // A ring that is as long as the cache drops nothing.
        using KvCache small = new(KvCases.Mixed(100, 0), 200, 32);
        small.Reserve(200);
    }

    [Fact]
    public void Shift_WindowThatDropsPositions_IsRefused()
    {
        using KvCache cache = new(KvCases.Mixed(100, 0), Capacity, 32);
        cache.Reserve(20);
        cache.Advance(20);
        Assert.False(cache.CanShift);
        Assert.Throws<InvalidOperationException>(() => cache.Shift(0, 5, new KvTurn[3]));
        using KvCache whole = new(KvCases.Mixed(100, 0), 200, 32);
        Assert.True(whole.CanShift);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(256, 1, 2)]
    [InlineData(257, 1, 2)]
    [InlineData(512, 64, 4)]
    [InlineData(1024, 512, 7)]
    [InlineData(4096, 512, 16)]
    [InlineData(0, 512, 16)]
    public void Plan_Window_HoldsItAndABatchAndNoMore(int window, int batchTokens, int chunks)
    {
        KvPlan plan = new(KvCases.Layers(1, 2, 64, 64, TensorType.F16, window: window), 4096, batchTokens);
        Assert.Equal(chunks, plan.Rings[0].Chunks);
        Assert.Equal(chunks * 256L * 2 * (64 + 64) * 2, plan.Bytes);
    }

    [Fact]
    public void Plan_AnyLayers_IsWhatACacheAllocates()
    {
        KvGeometry[] layers = [.. KvCases.Mixed(100, 1000), .. KvCases.Layers(4, 3, 33, 65, TensorType.Q4_0, TensorType.Q8_0, 100)];
        foreach (int capacity in new[] { 1, 255, 257, 5000 })
        {
            using KvCache cache = new(layers, capacity, 77);
            Assert.Equal(new KvPlan(layers, capacity, 77).Bytes, cache.ByteSize);
        }
    }

    private static void SkipAhead(KvRun ring, KvRun whole, int tokens, int seed)
    {
        for (int i = 0; i < tokens && ring.Cache.Length < Capacity; i++)
        {
            Assert.Equal(whole.Append(1, seed), ring.Append(1, seed));
        }
    }
}
