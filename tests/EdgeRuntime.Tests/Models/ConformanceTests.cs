using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Kernels;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Small models of every family against logits that llama.cpp computed in float32.</summary>
public sealed class ConformanceTests
{
    private const double Bound = 1e-6;
    private const string TernaryFixture = "tiny-bitnet-TQ1_0";

    /// <summary>At least one model for each module; <see cref="FamilyTests"/> has the other families.</summary>
    private static readonly string[] s_floatFixtures =
    [
        "llama-dense", "llama-moe", "qwen2-dense", "qwen3-dense", "gemma2-dense", "gemma3-dense", "gpt2-dense", "phi2-dense",
        "falcon-dense", "granitemoe-moe", "deepseek2-moe", "lfm2-dense", "mamba2-dense", "olmo2-dense", "olmoe-moe", "smollm3-dense",
        "gptneox-dense", "command-r-dense", "cohere2-dense",
        "falcon-h1-dense", "granitehybrid-dense", "nemotron_h-dense",
        "jamba-dense", "mamba-dense", "qwen35-dense", "qwen3next-moe", "kimi-linear-moe", "plamo2-dense",
    ];

    public static IEnumerable<TheoryDataRow<string, string>> Cases() =>
        from fixture in s_floatFixtures
        from isa in InstructionSet.All
        select new TheoryDataRow<string, string>(fixture, isa.Name);

    /// <summary>Gets the models with float weights and one with ternary weights.</summary>
    public static IEnumerable<TheoryDataRow<string>> Fixtures() => Rows([.. s_floatFixtures, TernaryFixture]);

    public static string PathOf(string fixture) =>
        fixture == TernaryFixture ? SharedData.Require($"small-models/{fixture}.gguf") : RandomModels.PathOf(fixture);

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardAll_OfAReferenceModel_GivesItsLogits(string fixture, string isa)
    {
        IsaSupport.Require(isa);
        LogitsFile reference = ReadReference(fixture);
        using LanguageModel model = Load(fixture, isa);
        foreach (int chunk in (int[])[reference.Tokens.Length, 7, 1])
        {
            float[] logits = ModelRunner.Logits(model, reference.Tokens, chunk, KvCacheType.F32);
            Assert.InRange(reference.NormalizedError(logits), 0, Bound);
        }
    }

    [Theory]
    [InlineData("small-models/tiny-bitnet-TQ1_0.gguf", "small-models/tiny-bitnet-TQ1_0.logits")]
    [InlineData("models/tiny-bitnet-TQ1_0.gguf", "models/tiny-bitnet.f32.logits")]
    [InlineData("models/tiny-bitnet-TQ2_0.gguf", "models/tiny-bitnet.f32.logits")]
    public void ForwardAll_OfATernaryModel_IsWithinTheBounds(string file, string logits)
    {
        string path = SharedData.Require(file);
        LogitsFile reference = LogitsFile.Read(SharedData.Require(logits));
        foreach ((bool exact, double bound) in new[] { (true, Bound), (false, 2.5e-5) })
        {
            using var model = LanguageModel.Load(path, new ModelOptions { Exact = exact });
            float[] actual = ModelRunner.Logits(model, reference.Tokens, reference.Tokens.Length, KvCacheType.F32);
            Assert.InRange(reference.NormalizedError(actual), 0, bound);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void ForwardAll_AfterARewind_GivesTheSameLogits(string fixture)
    {
        LogitsFile reference = ReadReference(fixture);
        using LanguageModel model = Load(fixture, isa: null);
        float[] expected = ModelRunner.Logits(model, reference.Tokens, reference.Tokens.Length, KvCacheType.F32);
        using ModelSession session =
            model.CreateSession(new SessionOptions { ContextLength = reference.Tokens.Length, KvCacheType = KvCacheType.F32 });
        session.Forward(reference.Tokens.AsSpan(0, 40));
        foreach (int length in (int[])[31, 30, 7, 0])
        {
            session.Truncate(length);
            Assert.Equal(length, session.Length);
            float[] rest = session.ForwardAll(reference.Tokens.AsSpan(length)).ToArray();
            Assert.Equal(expected[(length * model.VocabularySize)..], rest);
        }
    }

    /// <summary>Two sequences in every batch, of different lengths and out of step, give what each gives alone, to the bit.</summary>
    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Run_OfInterleavedSequences_GivesWhatEachGivesAlone(string fixture)
    {
        LogitsFile reference = ReadReference(fixture);
        using LanguageModel model = Load(fixture, isa: null);
        int[][] texts = [reference.Tokens, [.. reference.Tokens.Reverse()]];
        var options = new EngineStateOptions
        {
            Capacity = reference.Tokens.Length,
            BatchTokens = 16,
            KeyType = KvCacheType.F32,
            ValueType = KvCacheType.F32,
        };
        using IEngineState first = model.Engine.CreateState(options);
        using IEngineState second = model.Engine.CreateState(options);
        int width = model.VocabularySize;
        float[][] logits = [new float[reference.Logits.Length], new float[reference.Logits.Length]];
        int step = 0;
        while (first.Length < texts[0].Length || second.Length < texts[1].Length)
        {
            List<BatchSlice> batch = [];
            foreach ((IEngineState state, int index) in new[] { (first, 0), (second, 1) })
            {
                int rows = Math.Min(1 + ((step + (5 * index)) % 9), texts[index].Length - state.Length);
                if (rows > 0)
                {
                    batch.Add(new BatchSlice(
                        state,
                        texts[index].AsMemory(state.Length, rows),
                        rows,
                        logits[index].AsMemory(state.Length * width, rows * width)));
                }
            }

            model.Engine.Run(batch.ToArray());
            step++;
        }

        for (int index = 0; index < texts.Length; index++)
        {
            Assert.Equal(ModelRunner.Logits(model, texts[index], 16, KvCacheType.F32), logits[index]);
        }
    }

    private static IEnumerable<TheoryDataRow<string>> Rows(string[] fixtures) =>
        fixtures.Select(static fixture => new TheoryDataRow<string>(fixture));

    private static LogitsFile ReadReference(string fixture) => LogitsFile.Read(
        fixture == TernaryFixture ? SharedData.Require($"small-models/{fixture}.logits") : RandomModels.LogitsOf(fixture));

    // One thread for each instruction set: the other tests, and those of the families, compute with all threads.
    private static LanguageModel Load(string fixture, string? isa) =>
        LanguageModel.Load(PathOf(fixture), new ModelOptions { InstructionSet = isa, Threads = isa is null ? null : 1 });
}
