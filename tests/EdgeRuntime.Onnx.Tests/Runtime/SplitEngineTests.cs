using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Split;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>
/// Prompts on ONNX Runtime's kernels for the processor and answers on the built-in engine give the logits of the built-in engine alone.
/// </summary>
public sealed class SplitEngineTests : IClassFixture<SplitEngineTests.Models>
{
    /// <summary>The greatest normalized error of float32 arithmetic in another order.</summary>
    private const double Bound = 1e-5;

    private const string Stories = "stories";

    private readonly Models _models;

    public SplitEngineTests(Models models) => _models = models;

    /// <summary>
    /// Gets models of several kinds of keys: rotated in pairs and in halves, with norms, windows, shared keys, biases and latent attention.
    /// </summary>
    public static TheoryData<string> Names =>
        [Stories, "llama-dense", "qwen3-dense", "gemma2-dense", "gemma3-dense", "bloom-dense", "phi3-dense", "deepseek2-moe"];

    /// <summary>The same models on both engines.</summary>
    public sealed class Models : IDisposable
    {
        private readonly ConcurrentDictionary<string, (LanguageModel Split, LanguageModel BuiltIn)> _loaded = [];

        public (LanguageModel Split, LanguageModel BuiltIn) Get(string name) => _loaded.GetOrAdd(name, static name =>
        {
            string path = name == Stories ? TestModels.Stories : RandomModels.PathOf(name);
            var options = new ModelOptions { Exact = true, Threads = 1 };
            return (
                LanguageModel.Load(path, options with { Device = OnnxDevice.Cpu() with { CacheFolder = null, IsSplit = true } }),
                LanguageModel.Load(path, options));
        });

        public void Dispose()
        {
            foreach ((LanguageModel split, LanguageModel builtIn) in _loaded.Values)
            {
                split.Dispose();
                builtIn.Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_OfTurns_GivesTheLogitsOfTheBuiltInEngine(string name)
    {
        int[] text = Text(name, 200);
        using ModelSession session = Create(_models.Get(name).Split);
        int done = 0;
        foreach (int count in (int[])[40, 1, 1, 5, 60, 1, 33, 2])
        {
            AssertNear(Expected(name, text[..(done + count)]), session.Forward(text.AsSpan(done, count)));
            done += count;
        }
    }

    /// <summary>The device computes long prompts and what it lacks before them; the processor gets positions when it needs them.</summary>
    [Fact]
    public void Run_OfTurns_DividesThemByLength()
    {
        int[] text = Text(Stories, 96);
        IEngine engine = _models.Get(Stories).Split.Engine;
        using var state = (SplitState)Create(engine);
        int[][] expected = [[40, 40, 0], [1, 40, 41], [30, 40, 71], [24, 40, 95], [1, 40, 96]];
        foreach (int[] step in expected)
        {
            AssertDivided(step);
        }

        state.Truncate(42);
        AssertDivided([32, 74, 42]);
        state.Truncate(0);
        AssertDivided([31, 0, 31]);
        AssertDivided([32, 63, 31]); // the device computes all of them
        state.Truncate(8);
        AssertDivided([1, 8, 9]);

        void AssertDivided(int[] step)
        {
            engine.Run([new BatchSlice(state, text.AsMemory(state.Length, step[0]), 0, default)]);
            Assert.Equal((step[1], step[2]), (state.Device.Length, state.Processor.Length));
        }
    }

    [Theory]
    [InlineData(KvCacheType.F16, 1e-2)]
    [InlineData(KvCacheType.Q8_0, 3e-2)]
    [InlineData(KvCacheType.Q4_0, 0.3)]
    public void Forward_WithEachTypeOfCache_GivesTheLogitsOfTheBuiltInEngine(KvCacheType type, double bound)
    {
        const string Name = "llama-dense";
        int[] text = Text(Name, 60);
        var options = new SessionOptions { KvCacheType = type };
        using ModelSession expected = _models.Get(Name).BuiltIn.CreateSession(options);
        using ModelSession session = _models.Get(Name).Split.CreateSession(options);
        session.Forward(text.AsSpan(0, 50));
        expected.Forward(text.AsSpan(0, 50));
        foreach (int token in text.AsSpan(50))
        {
            Assert.InRange(SelfCheck.NormalizedError(session.Forward([token]), expected.Forward([token])), 0, bound);
        }
    }

    [Theory]
    [InlineData(Stories)]
    [InlineData("gemma2-dense")] // windows, from which positions are gone
    public void Truncate_ToAnyLength_GivesTheLogitsOfTheOtherText(string name)
    {
        int[] text = Text(name, 120);
        int[] other = [.. text.Reverse()];
        foreach (int length in (int[])[100, 81, 80, 79, 40, 39, 5, 1])
        {
            using ModelSession session = Create(_models.Get(name).Split);
            session.Forward(text.AsSpan(0, 80));
            session.Forward(text.AsSpan(80, 1));
            session.Forward(text.AsSpan(81, 20));
            session.Truncate(length);
            AssertNear(Expected(name, [.. text[..length], other[0]]), session.Forward([other[0]]));
            AssertNear(Expected(name, [.. text[..length], .. other[..41]]), session.Forward(other.AsSpan(1, 40)));
        }
    }

    [Fact]
    public void Shift_AfterAPrompt_GivesTheLogitsOfTheBuiltInEngine()
    {
        int[] text = Text(Stories, 60);
        using ModelSession expected = _models.Get(Stories).BuiltIn.CreateSession();
        using ModelSession session = _models.Get(Stories).Split.CreateSession();
        foreach (ModelSession each in (ModelSession[])[expected, session])
        {
            each.Forward(text.AsSpan(0, 50));
            each.Shift(4, 20);
        }

        AssertNear(expected.Forward([text[50]]), session.Forward([text[50]]));
    }

    [Fact]
    public void CopyAndSave_AfterAPrompt_ContinueItsText()
    {
        int[] text = Text(Stories, 90);
        IEngine engine = _models.Get(Stories).Split.Engine;
        using IEngineState source = Create(engine);
        engine.Run([new BatchSlice(source, text.AsMemory(0, 40), 0, default)]);
        using IEngineState copy = Create(engine);
        copy.CopyFrom(source, 38);
        AssertNear(Expected(Stories, text[..39]), Run(engine, copy, text[38..39]));
        AssertNear(Expected(Stories, text[..80]), Run(engine, copy, text[39..80]));

        using var stream = new MemoryStream();
        source.Save(stream);
        stream.Position = 0;
        using IEngineState loaded = Create(engine);
        loaded.Load(stream);
        Assert.Equal(40, loaded.Length);
        AssertNear(Expected(Stories, text[..80]), Run(engine, loaded, text[40..80]));
    }

    [Fact]
    public void Run_OfABatchThatIsCancelledOrWrong_LeavesTheStatesAsTheyWere()
    {
        int[] text = Text(Stories, 90);
        IEngine engine = _models.Get(Stories).Split.Engine;
        using IEngineState first = Create(engine);
        using IEngineState second = Create(engine);
        engine.Run([new BatchSlice(second, text.AsMemory(0, 3), 0, default)]);
        BatchSlice[] batch = [new(first, text.AsMemory(0, 40), 0, default), new(second, text.AsMemory(3, 1), 0, default)];
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => engine.Run(batch, source.Token));
        batch[1] = batch[1] with { Tokens = new[] { -1 } }; // fails on the processor, after the device
        Assert.ThrowsAny<ArgumentException>(() => engine.Run(batch));
        Assert.Throws<ArgumentException>(() => engine.Run([batch[0], batch[0]]));
        Assert.Equal((0, 3), (first.Length, second.Length));

        float[] logits = new float[engine.VocabularySize];
        engine.Run([batch[0] with { OutputRows = 1, Output = logits }, new(second, text.AsMemory(3, 1), 0, default)]);
        AssertNear(Expected(Stories, text[..40]), logits);
        AssertNear(Expected(Stories, text[..5]), Run(engine, second, text[4..5]));
    }

    [Fact]
    public void Load_OfAModelWithRecurrentState_IsRefusedByName()
    {
        OnnxDevice device = OnnxDevice.Cpu() with { CacheFolder = null, IsSplit = true };
        string message = Assert.Throws<UnsupportedModelException>(
            () => LanguageModel.Load(RandomModels.PathOf("mamba-dense"), new ModelOptions { Device = device })).Message;
        Assert.Contains("mamba has recurrent state", message, StringComparison.Ordinal);
    }

    private static float[] Run(IEngine engine, IEngineState state, int[] tokens)
    {
        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(state, tokens, 1, logits)]);
        return logits;
    }

    private static IEngineState Create(IEngine engine) => engine.CreateState(new EngineStateOptions
    {
        Capacity = 96,
        BatchTokens = 96,
        KeyType = KvCacheType.F32,
        ValueType = KvCacheType.F32,
    });

    private static ModelSession Create(LanguageModel model) => model.CreateSession(
        new SessionOptions { KvCacheType = KvCacheType.F32, BatchTokens = 48, ContextLength = Math.Min(160, model.ContextLength) });

    private static void AssertNear(ReadOnlySpan<float> expected, ReadOnlySpan<float> found) =>
        Assert.InRange(SelfCheck.NormalizedError(found, expected), 0, Bound);

    private int[] Text(string name, int length) =>
        [.. Enumerable.Range(1, length).Select(i => (int)(i * 2654435761L % _models.Get(name).BuiltIn.VocabularySize))];

    private float[] Expected(string name, int[] tokens)
    {
        using ModelSession session = Create(_models.Get(name).BuiltIn);
        return session.Forward(tokens).ToArray();
    }
}
