using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>
/// A model on ONNX Runtime's kernels for the processor gives the logits of the built-in engine, whatever its sequences do.
/// </summary>
public sealed class OnnxEngineTests : IClassFixture<OnnxEngineTests.Models>
{
    /// <summary>The greatest normalized error of float32 arithmetic in another order.</summary>
    private const double Bound = 1e-5;

    private static readonly int[] s_prompt = [1, 403, 407, 261, 378, 290, 311, 400, 9, 30, 31, 262];

    private readonly Models _models;

    public OnnxEngineTests(Models models) => _models = models;

    /// <summary>The same model on both engines.</summary>
    public sealed class Models : IDisposable
    {
        private readonly string _cache = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

        public Models()
        {
            OnnxDevice device = OnnxDevice.Cpu() with { CacheFolder = _cache };
            OnDevice = LanguageModel.Load(TestModels.Stories, new ModelOptions { Exact = true, Threads = 1, Device = device });
            BuiltIn = LanguageModel.Load(TestModels.Stories, new ModelOptions { Exact = true, Threads = 1 });
        }

        public LanguageModel OnDevice { get; }

        public LanguageModel BuiltIn { get; }

        public void Dispose()
        {
            OnDevice.Dispose();
            BuiltIn.Dispose();
            Directory.Delete(_cache, recursive: true);
        }
    }

    [Fact]
    public void Forward_InParts_GivesTheLogitsOfTheWhole()
    {
        using ModelSession session = _models.OnDevice.CreateSession();
        var parts = new List<float>();
        foreach ((int start, int end) in ((int, int)[])[(0, 7), (7, 8), (8, s_prompt.Length)])
        {
            parts.AddRange(session.ForwardAll(s_prompt.AsSpan()[start..end]));
        }

        AssertNear(Expected(s_prompt), [.. parts]);
    }

    [Fact]
    public void Truncate_ToAnEarlierLength_GivesTheLogitsOfTheOtherText()
    {
        using ModelSession session = _models.OnDevice.CreateSession();
        session.Forward(s_prompt);
        int[] other = [.. s_prompt[..5], 77, 78];
        session.Truncate(5);
        AssertNear(Expected(other)[^_models.BuiltIn.VocabularySize..], session.Forward([77, 78]).ToArray());
    }

    [Fact]
    public void Run_OfTwoSequences_GivesTheLogitsOfEach()
    {
        IEngine engine = _models.OnDevice.Engine;
        using IEngineState first = Create(engine);
        using IEngineState second = Create(engine);
        int[] other = [1, 9, 300];
        float[] a = new float[engine.VocabularySize * s_prompt.Length];
        float[] b = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(first, s_prompt, s_prompt.Length, a), new BatchSlice(second, other, 1, b)]);
        AssertNear(Expected(s_prompt), a);
        AssertNear(Expected(other)[^engine.VocabularySize..], b);
        BatchSlice[] twice = [new BatchSlice(first, other, 0, default), new BatchSlice(first, other, 0, default)];
        Assert.Throws<ArgumentException>(() => engine.Run(twice));
        Assert.Throws<NotSupportedException>(() => engine.Run([new BatchSlice(first, other, 1, a, OutputKind.Hidden)]));
    }

    [Fact]
    public void CopyFrom_OfAnotherSequence_ContinuesItsText()
    {
        IEngine engine = _models.OnDevice.Engine;
        using IEngineState source = Create(engine);
        using IEngineState copy = engine.CreateState(new EngineStateOptions { Capacity = 40, BatchTokens = 16 });
        engine.Run([new BatchSlice(source, s_prompt, 0, default)]);
        copy.CopyFrom(source, 8);
        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(copy, s_prompt.AsMemory(8), 1, logits)]);
        AssertNear(Expected(s_prompt)[^engine.VocabularySize..], logits);
    }

    [Fact]
    public void Load_OfASavedState_ContinuesToTheBit()
    {
        IEngine engine = _models.OnDevice.Engine;
        using IEngineState source = Create(engine);
        using IEngineState loaded = engine.CreateState(new EngineStateOptions { Capacity = 40, BatchTokens = 16 });
        engine.Run([new BatchSlice(source, s_prompt.AsMemory(0, 8), 0, default)]);
        loaded.Load(new MemoryStream(SavedState.Save(source)));
        Assert.Equal(8, loaded.Length);
        float[] expected = SavedState.Continue(engine, source, s_prompt.AsMemory(8));
        Assert.Equal(expected, SavedState.Continue(engine, loaded, s_prompt.AsMemory(8)));
        AssertNear(Expected(s_prompt)[^engine.VocabularySize..], expected);
        SavedState.AssertRefusesDamage(source, loaded);
        using IEngineState small = engine.CreateState(new EngineStateOptions { Capacity = 11, BatchTokens = 8 });
        Assert.Contains("12 positions; expected 0 to 11", SavedState.Refuse(small, SavedState.Save(source)), StringComparison.Ordinal);
    }

    /// <summary>The built-in engine keeps the same numbers in another order.</summary>
    [Fact]
    public void Load_OfAStateOfTheBuiltInEngine_IsRefused()
    {
        IEngine builtIn = _models.BuiltIn.Engine;
        var options = new EngineStateOptions
        {
            Capacity = 64,
            BatchTokens = 64,
            KeyType = KvCacheType.F32,
            ValueType = KvCacheType.F32,
        };
        using IEngineState source = builtIn.CreateState(options);
        builtIn.Run([new BatchSlice(source, s_prompt, 0, default)]);
        using IEngineState state = Create(_models.OnDevice.Engine);
        Assert.Contains("of another engine", SavedState.Refuse(state, SavedState.Save(source)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Cancelled_LeavesTheStateAsItWas()
    {
        IEngine engine = _models.OnDevice.Engine;
        using IEngineState state = Create(engine);
        int[] text = [.. Enumerable.Repeat(s_prompt, 20).SelectMany(static prompt => prompt).Take(200)];
        for (int i = 0; i < 20; i++)
        {
            using var source = new CancellationTokenSource();
            Task cancelling = Task.Run(source.Cancel);
            bool isCancelled = false;
            try
            {
                engine.Run([new BatchSlice(state, text, 0, default)], source.Token);
            }
            catch (OperationCanceledException)
            {
                isCancelled = true;
            }

            await cancelling;
            Assert.Equal(isCancelled ? 0 : text.Length, state.Length);
            state.Truncate(0);
        }

        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(state, s_prompt, 1, logits)]);
        AssertNear(Expected(s_prompt)[^engine.VocabularySize..], logits);
    }

    [Fact]
    public void Run_AThousandSteps_GrowsNoMemory()
    {
        const int Steps = 1000;
        IEngine engine = _models.OnDevice.Engine;
        using IEngineState state = Create(engine);
        int[] token = [9];
        float[] logits = new float[engine.VocabularySize];
        Decode(100);
        long managed = GC.GetAllocatedBytesForCurrentThread();
        Decode(Steps);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - managed) / Steps, 0, 1024);
        ResidentMemory.AssertNoGrowth(() => Decode(Steps));

        void Decode(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                if (state.Length == state.Capacity)
                {
                    state.Truncate(state.Capacity / 2);
                }

                engine.Run([new BatchSlice(state, token, 1, logits)]);
            }
        }
    }

    [Fact]
    public void CreateState_ForMorePositionsThanTheGraphHas_IsRefused()
    {
        IEngine engine = _models.OnDevice.Engine;
        var options = new EngineStateOptions { Capacity = engine.ContextLength + 1, BatchTokens = 1 };
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.CreateState(options));
        using IEngineState state = Create(engine);
        Assert.Throws<ContextFullException>(() => engine.Run([new BatchSlice(state, new int[state.Capacity + 1], 0, default)]));
        Assert.Throws<NotSupportedException>(() => state.Shift(0, 1));
    }

    [Fact]
    public void Dispose_OfTheEngineBeforeItsStates_KeepsTheirMemory()
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.Stories, new ModelOptions { Threads = 1, Device = OnnxDevice.Cpu() with { CacheFolder = null } });
        using ModelSession session = model.CreateSession();
        model.Dispose();
        Assert.Equal(model.VocabularySize, session.Forward(s_prompt).Length);
    }

    private static IEngineState Create(IEngine engine) =>
        engine.CreateState(new EngineStateOptions { Capacity = 256, BatchTokens = 256 });

    private static void AssertNear(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.InRange(SelfCheck.NormalizedError(found, expected), 0, Bound);
    }

    private float[] Expected(int[] tokens)
    {
        using ModelSession session = _models.BuiltIn.CreateSession();
        return session.ForwardAll(tokens).ToArray();
    }
}
