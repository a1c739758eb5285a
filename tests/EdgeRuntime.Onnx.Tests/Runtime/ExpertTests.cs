using System;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>Experts give the logits of the built-in engine for prompts that several threads compute.</summary>
public sealed class ExpertTests
{
    [Theory]
    [InlineData("llama-moe")]
    [InlineData("qwen3moe-moe")]
    public void Run_OfALongPromptOnTwoThreads_GivesTheLogitsOfTheBuiltInEngine(string name)
    {
        string path = RandomModels.PathOf(name);
        var options = new ModelOptions { Exact = true, Threads = 2 };
        using LanguageModel onDevice = LanguageModel.Load(path, options with { Device = OnnxDevice.Cpu() with { CacheFolder = null } });
        using LanguageModel builtIn = LanguageModel.Load(path, options);
        int length = Math.Min(500, onDevice.ContextLength);
        int[] text = [.. Enumerable.Range(1, length).Select(i => (int)(i * 2654435761L % builtIn.VocabularySize))];
        float[] expected = Logits(builtIn.Engine, text);
        for (int round = 0; round < 5; round++)
        {
            Assert.InRange(SelfCheck.NormalizedError(Logits(onDevice.Engine, text), expected), 0, 1e-5);
        }
    }

    private static float[] Logits(IEngine engine, int[] text)
    {
        using IEngineState state = engine.CreateState(new EngineStateOptions
        {
            Capacity = text.Length,
            BatchTokens = text.Length,
            KeyType = KvCacheType.F32,
            ValueType = KvCacheType.F32,
        });
        return SavedState.Continue(engine, state, text);
    }
}
