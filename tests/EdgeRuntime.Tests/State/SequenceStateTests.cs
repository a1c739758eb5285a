using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.State;

/// <summary>States of the CPU engine that are copied, or saved and loaded, go on as the original; any other bytes are refused.</summary>
public sealed class SequenceStateTests
{
    private const int Capacity = 64;

    private static readonly int[] s_text = [.. Enumerable.Range(0, 40).Select(i => 1 + (i * 7 % 90))];

    /// <summary>The bundled model, and models with a window, with recurrent state alone, and with both kinds of state.</summary>
    public static TheoryData<string> Models => ["stories260K", "gemma2-dense", "mamba2-dense", "lfm2-dense"];

    [Theory]
    [MemberData(nameof(Models))]
    public void CopyFrom_AState_GoesOnAsTheOriginal(string name)
    {
        using CpuEngine engine = Load(name);
        using IEngineState state = Create(engine);
        using IEngineState copy = Create(engine);
        Append(engine, state, 0, 30);
        Append(engine, copy, 5, 20);
        copy.CopyFrom(state, 30);
        Assert.Equal(30, copy.Length);
        Assert.Equal(Append(engine, state, 30, 10), Append(engine, copy, 30, 10));
        Assert.Equal(30, copy.NearestLength(30));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Load_OfASavedState_GoesOnAsTheOriginal(string name)
    {
        using CpuEngine engine = Load(name);
        using IEngineState state = Create(engine);
        using IEngineState loaded = Create(engine);
        Append(engine, state, 0, 30);
        Append(engine, loaded, 5, 20);
        loaded.Load(new MemoryStream(Save(state)));
        Assert.Equal(30, loaded.Length);
        Assert.Equal(Append(engine, state, 30, 10), Append(engine, loaded, 30, 10));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Load_OfChangedBytes_IsRefusedAndLeavesAnEmptyState(string name)
    {
        using CpuEngine engine = Load(name);
        using IEngineState state = Create(engine);
        Append(engine, state, 0, 30);
        byte[] saved = Save(state);
        int[] places = [.. Enumerable.Range(0, 44), 48, 200, saved.Length / 2, saved.Length - 9, saved.Length - 1];
        foreach (int place in places)
        {
            byte[] changed = [.. saved];
            changed[place] ^= 0x41;
            string message = Assert.Throws<InvalidDataException>(() => state.Load(new MemoryStream(changed))).Message;
            Assert.StartsWith("saved state: ", message, StringComparison.Ordinal);
            Assert.Equal(0, state.Length);
        }

        foreach (int length in (int[])[0, 7, 47, 48, 500, saved.Length - 1])
        {
            Assert.Throws<InvalidDataException>(() => state.Load(new MemoryStream(saved[..length])));
        }

        state.Load(new MemoryStream(saved));
        Assert.Equal(30, state.Length);
    }

    [Fact]
    public void Load_OfAnotherState_SaysWhatDiffers()
    {
        using CpuEngine engine = Load("stories260K");
        using IEngineState state = Create(engine);
        using IEngineState small = engine.CreateState(new EngineStateOptions { Capacity = 20, BatchTokens = 20 });
        using IEngineState other =
            engine.CreateState(new EngineStateOptions { Capacity = Capacity, BatchTokens = 40, ValueType = KvCacheType.Q8_0 });
        Append(engine, state, 0, 30);
        byte[] saved = Save(state);
        Assert.Equal(
            "saved state: 30 positions; expected 0 to 20",
            Assert.Throws<InvalidDataException>(() => small.Load(new MemoryStream(saved))).Message);
        Assert.Equal(
            "saved state: KV cache of F16; expected F16/Q8_0",
            Assert.Throws<InvalidDataException>(() => other.Load(new MemoryStream(saved))).Message);
        Assert.Throws<ArgumentException>(() => other.CopyFrom(state, 30));
        Assert.Throws<ArgumentException>(() => state.CopyFrom(state, 30));
        Assert.Throws<ArgumentOutOfRangeException>(() => small.CopyFrom(state, 30));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Truncate_ToALengthThatTheStateCantReturnTo_IsRefusedAndChangesNothing(string name)
    {
        using CpuEngine engine = Load(name);
        using IEngineState state = Create(engine);
        Append(engine, state, 0, 20);
        state.TakeSnapshot();
        Append(engine, state, 20, 20);
        for (int length = 40; length >= 0; length--)
        {
            int nearest = state.NearestLength(length);
            Assert.InRange(nearest, 0, length);
            if (nearest != length)
            {
                Assert.Throws<InvalidOperationException>(() => state.Truncate(length));
                Assert.Equal(40, state.Length);
            }
        }

        int reached = state.NearestLength(20);
        state.Truncate(reached);
        Append(engine, state, reached, 20 - reached);
        using IEngineState fresh = Create(engine);
        Append(engine, fresh, 0, 20);
        Assert.Equal(Append(engine, fresh, 20, 5), Append(engine, state, 20, 5));
    }

    [Fact]
    public void Run_OfABatchThatBreaksTheContract_IsRefusedAndChangesNothing()
    {
        using CpuEngine engine = Load("stories260K");
        using IEngineState state = Create(engine);
        float[] output = new float[engine.VocabularySize];
        BatchSlice good = new(state, new[] { 1, 2 }, 1, output);
        BatchSlice[][] wrong =
        [
            [good with { Tokens = Array.Empty<int>() }],
            [good with { Tokens = new[] { 1, engine.VocabularySize } }],
            [good with { Tokens = new[] { -1, 1 } }],
            [good with { OutputRows = -1 }],
            [good with { OutputRows = 3 }],
            [good with { Output = new float[engine.VocabularySize - 1] }],
            [good, good],
        ];
        foreach (BatchSlice[] batch in wrong)
        {
            Assert.ThrowsAny<ArgumentException>(() => engine.Run(batch, CancellationToken.None));
            Assert.Equal(0, state.Length);
        }

        IEngineState gone = Create(engine);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => engine.Run([good with { State = gone }], CancellationToken.None));
        engine.Run([good], CancellationToken.None);
        Assert.Equal(2, state.Length);
    }

    private static CpuEngine Load(string name)
    {
        GgufFile file = GgufFile.Open(name == "stories260K" ? TestModels.Stories : ConformanceTests.PathOf(name));
        return new CpuLoader(file).Load(CpuSettings.OfThisMachine with { Threads = 1 }, null, CancellationToken.None);
    }

    private static IEngineState Create(CpuEngine engine) =>
        engine.CreateState(new EngineStateOptions { Capacity = Capacity, BatchTokens = 40 });

    private static float[] Append(CpuEngine engine, IEngineState state, int first, int count)
    {
        float[] logits = new float[engine.VocabularySize];
        if (count > 0)
        {
            engine.Run([new BatchSlice(state, s_text.AsMemory(first, count), 1, logits)], CancellationToken.None);
        }

        return logits;
    }

    private static byte[] Save(IEngineState state)
    {
        using var stream = new MemoryStream();
        state.Save(stream);
        return stream.ToArray();
    }
}
