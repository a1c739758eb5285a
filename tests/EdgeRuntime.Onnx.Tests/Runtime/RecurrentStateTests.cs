using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>Models with recurrent state give the logits of the built-in engine on ONNX Runtime, whatever their sequences do.</summary>
public sealed class RecurrentStateTests : IClassFixture<RecurrentStateTests.Models>
{
    /// <summary>The greatest normalized error of float32 arithmetic in another order.</summary>
    private const double Bound = 1e-5;

    private readonly Models _models;

    public RecurrentStateTests(Models models) => _models = models;

    /// <summary>Gets a model of each kind of state: a convolution, state spaces of both kinds, a delta rule beside attention.</summary>
    public static TheoryData<string> Names => ["lfm2-dense", "mamba-dense", "mamba2-dense", "qwen35-dense"];

    /// <summary>The same models on both engines.</summary>
    public sealed class Models : IDisposable
    {
        private readonly ConcurrentDictionary<string, (LanguageModel OnDevice, LanguageModel BuiltIn)> _loaded = [];

        public (LanguageModel OnDevice, LanguageModel BuiltIn) Get(string name) => _loaded.GetOrAdd(name, static name =>
        {
            string path = RandomModels.PathOf(name);
            var options = new ModelOptions { Exact = true, Threads = 1 };
            return (
                LanguageModel.Load(path, options with { Device = OnnxDevice.Cpu() with { CacheFolder = null } }),
                LanguageModel.Load(path, options));
        });

        public void Dispose()
        {
            foreach ((LanguageModel onDevice, LanguageModel builtIn) in _loaded.Values)
            {
                onDevice.Dispose();
                builtIn.Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_InParts_GivesTheLogitsOfTheWhole(string name)
    {
        int[] prompt = Prompt(name, 12);
        using ModelSession session = _models.Get(name).OnDevice.CreateSession();
        var parts = new List<float>();
        foreach ((int start, int end) in ((int, int)[])[(0, 7), (7, 8), (8, prompt.Length)])
        {
            parts.AddRange(session.ForwardAll(prompt.AsSpan()[start..end]));
        }

        AssertNear(Expected(name, prompt), [.. parts]);
    }

    /// <summary>A text that is computed in several parts is one pass.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Run_OfALongTextAfterACancelledOne_GivesItsLogits(string name)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        int length = Math.Min(1200, engine.ContextLength);
        using IEngineState state = engine.CreateState(new EngineStateOptions { Capacity = length, BatchTokens = length });
        int[] text = Prompt(name, length);
        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(state, text.AsMemory(0, 2), 0, default)]);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => engine.Run([new BatchSlice(state, text.AsMemory(5), 1, logits)], source.Token));
        Assert.Equal(2, state.Length);
        engine.Run([new BatchSlice(state, text.AsMemory(2), 1, logits)]);
        AssertNear(Expected(name, text)[^engine.VocabularySize..], logits);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Truncate_ToTheSnapshot_GivesTheLogitsOfTheOtherText(string name)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        using IEngineState state = Create(engine);
        int[] prompt = Prompt(name, 12);
        engine.Run([new BatchSlice(state, prompt.AsMemory(0, 5), 0, default)]);
        state.TakeSnapshot();
        engine.Run([new BatchSlice(state, prompt.AsMemory(5, 1), 0, default)]);
        engine.Run([new BatchSlice(state, prompt.AsMemory(6), 0, default)]);
        Assert.Equal(StateAbilities.Snapshots | StateAbilities.Copy | StateAbilities.Save, state.Abilities);
        Assert.Equal([0, 5, 5, 12], new[] { 4, 5, 11, 12 }.Select(state.NearestLength));
        Assert.Throws<InvalidOperationException>(() => state.Truncate(6));
        for (int i = 0; i < 2; i++)
        {
            state.Truncate(5);
            AssertContinues(name, state, [.. prompt[..5], 7, 8]);
        }

        state.Truncate(0);
        Assert.Equal(0, state.NearestLength(0));
        AssertContinues(name, state, prompt);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void CopyFrom_OfPresentAndOfKeptState_ContinuesItsText(string name)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        using IEngineState source = Create(engine);
        using IEngineState copy = engine.CreateState(new EngineStateOptions { Capacity = 40, BatchTokens = 16 });
        int[] prompt = Prompt(name, 12);
        engine.Run([new BatchSlice(source, prompt.AsMemory(0, 5), 0, default)]);
        source.TakeSnapshot();
        engine.Run([new BatchSlice(source, prompt.AsMemory(5, 4), 0, default)]);
        Assert.Throws<ArgumentException>(() => copy.CopyFrom(source, 6));
        foreach (int length in (int[])[9, 5, 0])
        {
            copy.CopyFrom(source, length);
            AssertContinues(name, copy, prompt);
            Assert.Equal(length, copy.NearestLength(11));
        }

        Assert.Equal(9, source.Length);
        AssertContinues(name, source, prompt);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_OfAStateSavedInTheMiddle_ContinuesToTheBit(string name)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        int[] prompt = Prompt(name, 12);
        using IEngineState source = Create(engine);
        engine.Run([new BatchSlice(source, prompt.AsMemory(0, 5), 0, default)]);
        byte[] saved = SavedState.Save(source);
        using IEngineState loaded = engine.CreateState(new EngineStateOptions { Capacity = 40, BatchTokens = 16 });
        engine.Run([new BatchSlice(loaded, prompt.AsMemory(3), 0, default)]);
        loaded.Load(new MemoryStream(saved));
        Assert.Equal((5, 5, 0), (loaded.Length, loaded.NearestLength(5), loaded.NearestLength(4)));
        Assert.Equal(saved, SavedState.Save(loaded));
        float[] expected = SavedState.Continue(engine, source, prompt.AsMemory(5));
        Assert.Equal(expected, SavedState.Continue(engine, loaded, prompt.AsMemory(5)));
        AssertNear(Expected(name, prompt)[^engine.VocabularySize..], expected);

        loaded.Truncate(5); // what was loaded is a snapshot
        Assert.Equal(expected, SavedState.Continue(engine, loaded, prompt.AsMemory(5)));
        loaded.Load(new MemoryStream(SavedState.Save(Create(engine))));
        Assert.Equal(0, loaded.Length);
        AssertContinues(name, loaded, prompt);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_OfDamagedBytes_IsRefusedInOneLineAndLeavesAnEmptyState(string name)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        int[] prompt = Prompt(name, 8);
        using IEngineState source = Create(engine);
        engine.Run([new BatchSlice(source, prompt.AsMemory(0, 5), 0, default)]);
        SavedState.AssertRefusesDamage(source, source);
        AssertContinues(name, source, prompt);

        string other = name == "lfm2-dense" ? "mamba-dense" : "lfm2-dense";
        using IEngineState of = Create(_models.Get(other).OnDevice.Engine);
        Assert.Contains("recurrent numbers; expected", SavedState.Refuse(source, SavedState.Save(of)), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AThousandSteps_GrowsNoMemory()
    {
        IEngine engine = _models.Get("mamba-dense").OnDevice.Engine;
        using IEngineState state = Create(engine);
        int[] token = [9];
        float[] logits = new float[engine.VocabularySize];
        Decode(100);
        long managed = GC.GetAllocatedBytesForCurrentThread();
        Decode(1000);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - managed) / 1000, 0, 2048);
        ResidentMemory.AssertNoGrowth(() => Decode(500));

        void Decode(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                if (state.Length == state.Capacity)
                {
                    state.Truncate(0);
                }

                engine.Run([new BatchSlice(state, token, 1, logits)]);
            }
        }
    }

    private static IEngineState Create(IEngine engine) =>
        engine.CreateState(new EngineStateOptions { Capacity = 64, BatchTokens = 64 });

    private static void AssertNear(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.InRange(SelfCheck.NormalizedError(found, expected), 0, Bound);
    }

    /// <summary>Asserts that the rest of a text has the logits that it has without a state.</summary>
    private void AssertContinues(string name, IEngineState state, int[] text)
    {
        IEngine engine = _models.Get(name).OnDevice.Engine;
        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(state, text.AsMemory(state.Length), 1, logits)]);
        AssertNear(Expected(name, text)[^engine.VocabularySize..], logits);
    }

    private int[] Prompt(string name, int length)
    {
        int vocabulary = _models.Get(name).BuiltIn.VocabularySize;
        return [.. Enumerable.Range(1, length).Select(i => (int)(i * 2654435761L % vocabulary))];
    }

    private float[] Expected(string name, int[] tokens)
    {
        using ModelSession session = _models.Get(name).BuiltIn.CreateSession();
        return session.ForwardAll(tokens).ToArray();
    }
}
