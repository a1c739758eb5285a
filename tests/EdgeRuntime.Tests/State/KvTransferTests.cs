using System;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.State;
using Xunit;

namespace EdgeRuntime.Tests.State;

/// <summary>Copies and saved positions go on as the original would.</summary>
public sealed class KvTransferTests
{
    private const int Capacity = 1500;
    private const int BatchTokens = 50;

    private static readonly KvGeometry[] Layers = KvCases.Mixed(90, 300);

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(512)]
    [InlineData(1000)]
    public void CopyFrom_FirstPositions_GoesOnAsTheOriginal(int length)
    {
        using KvRun source = Filled(length);
        using KvRun copy = new(Layers, keepsAll: false, Capacity + 300, BatchTokens + 30);
        Fill(copy, 700, seed: 9);
        copy.Cache.CopyFrom(source.Cache, length);
        AssertSame(source, copy);
    }

    [Fact]
    public void CopyFrom_ShorterLength_IsAPrefix()
    {
        using KvRun source = Filled(1000);
        using KvRun copy = new(Layers, keepsAll: false, 1010, BatchTokens);
        copy.Cache.CopyFrom(source.Cache, 990);
        source.Cache.Truncate(990);
        Assert.Equal(source.Append(20, seed: 3), copy.Append(20, seed: 3));
    }

    [Fact]
    public void CopyFrom_WhatIsNotThere_IsRefused()
    {
        using KvRun source = Filled(1000);
        using KvCache other = new(KvCases.Layers(3, 1, 8, 8, TensorType.F16), Capacity, BatchTokens);
        using KvCache small = new(Layers, 900, BatchTokens);
        using KvCache same = new(Layers, Capacity, BatchTokens);
        Assert.Throws<ArgumentException>(() => other.CopyFrom(source.Cache, 1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => small.CopyFrom(source.Cache, 1000));
        Assert.Throws<ArgumentException>(() => same.CopyFrom(source.Cache, 1001));
        Assert.Throws<ArgumentException>(() => same.CopyFrom(source.Cache, 200));
        Assert.Equal(0, same.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(0, 1000)]
    [InlineData(48, 700)]
    [InlineData(512, 800)]
    public void Restore_InTwoParts_GoesOnAsTheOriginal(int middle, int length)
    {
        using KvRun source = Filled(middle);
        using MemoryStream stream = new();
        source.Cache.Save(0, middle, stream);
        Assert.Equal(source.Cache.SavedBytes(0, middle), stream.Length);
        Fill(source, length, seed: 1);
        source.Cache.Save(middle, length, stream);
        Assert.Equal(source.Cache.SavedBytes(0, middle) + source.Cache.SavedBytes(middle, length), stream.Length);

        stream.Position = 0;
        using KvRun restored = new(Layers, keepsAll: false, Capacity + 300, BatchTokens + 30);
        restored.Cache.Restore(0, middle, stream);
        restored.Cache.Restore(middle, length, stream);
        Assert.Equal(stream.Length, stream.Position);
        AssertSame(source, restored);
    }

    [Fact]
    public void Restore_Window_KnowsWhatIsMissing()
    {
        using KvRun source = Filled(1000);
        using MemoryStream stream = new();
        source.Cache.Save(0, 1000, stream);
        stream.Position = 0;
        using KvRun restored = new(Layers, keepsAll: false, Capacity, BatchTokens);
        restored.Cache.Restore(0, 1000, stream);
        Assert.True(restored.Cache.CanTruncate(1000));

        // Of the window of 300 that goes on from 1000, the positions from 701 on are needed: 688 begins their panel.
        Assert.True(restored.Cache.CanTruncate(688 + 299));
        Assert.False(restored.Cache.CanTruncate(688 + 298));
    }

    [Fact]
    public void Restore_CutShort_LeavesAnEmptyCache()
    {
        using KvRun source = Filled(500);
        using MemoryStream stream = new();
        source.Cache.Save(0, 500, stream);
        stream.SetLength(stream.Length - 1);
        stream.Position = 0;
        using KvRun restored = new(Layers, keepsAll: false, Capacity, BatchTokens);
        Assert.Throws<EndOfStreamException>(() => restored.Cache.Restore(0, 500, stream));
        Assert.Equal(0, restored.Cache.Length);
        using KvRun fresh = new(Layers, keepsAll: false, Capacity, BatchTokens);
        Assert.Equal(fresh.Append(30, seed: 4), restored.Append(30, seed: 4));
    }

    [Fact]
    public void SaveAndRestore_WrongPositions_AreRefused()
    {
        using KvRun source = Filled(500);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Cache.Save(8, 500, Stream.Null));
        Assert.Throws<ArgumentException>(() => source.Cache.Save(0, 501, Stream.Null));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Cache.Save(496, 480, Stream.Null));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Cache.Restore(16, 32, Stream.Null));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Cache.Restore(500, Capacity + 1, Stream.Null));
        Assert.Equal(500, source.Cache.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(0, 1000)]
    [InlineData(3, 700)]
    [InlineData(512, 800)]
    public void Append_OfAnotherEngine_GoesOnAsTheOriginal(int middle, int length)
    {
        using KvRun source = Filled(length);
        using KvRun appended = Filled(middle);
        appended.Cache.Append(length, Read);
        AssertSame(source, appended);
    }

    [Fact]
    public void Append_ThatFails_LeavesAnEmptyCache()
    {
        using KvRun run = Filled(100);
        Assert.Throws<IOException>(() => run.Cache.Append(500, static (_, _, _, _, _) => throw new IOException()));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Cache.Append(Capacity + 1, Read));
        Assert.Equal(0, run.Cache.Length);
        using KvRun fresh = new(Layers, keepsAll: false, Capacity, BatchTokens);
        Assert.Equal(fresh.Append(30, seed: 4), run.Append(30, seed: 4));
    }

    /// <summary>Reads what <see cref="Filled"/> stores.</summary>
    private static void Read(int layer, int first, int count, Span<float> keys, Span<float> values)
    {
        KvGeometry geometry = Layers[layer];
        for (int i = 0; i < geometry.KvHeads * count; i++)
        {
            int salt = (layer * 10) + (i / count);
            float[] both = KvCases.Numbers(1, first + (i % count), salt, geometry.KeyLength + geometry.ValueLength);
            both.AsSpan(0, geometry.KeyLength).CopyTo(keys[(i * geometry.KeyLength)..]);
            both.AsSpan(geometry.KeyLength).CopyTo(values[(i * geometry.ValueLength)..]);
        }
    }

    private static KvRun Filled(int length)
    {
        KvRun run = new(Layers, keepsAll: false, Capacity, BatchTokens);
        Fill(run, length, seed: 1);
        return run;
    }

    private static void Fill(KvRun run, int length, int seed)
    {
        while (run.Cache.Length < length)
        {
            run.Append(int.Min(BatchTokens, length - run.Cache.Length), seed);
        }
    }

    /// <summary>Both go on for long enough that the windows have moved past all that was copied.</summary>
    private static void AssertSame(KvRun expected, KvRun actual)
    {
        Assert.Equal(expected.Cache.Length, actual.Cache.Length);
        for (int i = 0; i < 9; i++)
        {
            Assert.Equal(expected.Append(BatchTokens, seed: 2), actual.Append(BatchTokens, seed: 2));
        }
    }
}
