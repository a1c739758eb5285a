using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Kernels;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>The bundled model against the figures of its exact expansion.</summary>
public sealed class SmolLmTests
{
    /// <summary>With one instruction set, since all give the same bits, as other tests check.</summary>
    [Fact]
    public void ForwardAll_OfTheQuantizedFile_StaysNearTheExactLogits()
    {
        var reference = LogitsFile.Read(SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.f32.logits"));
        using var model = LanguageModel.Load(TestModels.SmolLm);
        float[] logits = ModelRunner.Logits(model, reference.Tokens, reference.Tokens.Length);
        double[] divergences = reference.Divergences(logits);
        Assert.InRange(reference.NormalizedError(logits), 0, 8.5e-4);
        Assert.InRange(divergences.Average(), 0, 0.0034);
        Assert.InRange(divergences.Max(), 0, 0.020);
    }

    [Fact]
    public void ForwardAll_Exact_GivesTheExactLogits()
    {
        var reference = LogitsFile.Read(SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.f32.logits"));
        using var model = LanguageModel.Load(TestModels.SmolLm, new ModelOptions { Exact = true });
        Assert.InRange(reference.NormalizedError(ModelRunner.Logits(model, reference.Tokens, reference.Tokens.Length)), 0, 1e-6);
    }

    /// <summary>The bound is a third of the error that 4-bit keys and values have without their transform, 0.0176.</summary>
    [Fact]
    public void ForwardAll_WithA4BitCache_StaysNearAFloatCache()
    {
        int[] tokens = LogitsFile.Read(SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.f32.logits")).Tokens;
        using var model = LanguageModel.Load(TestModels.SmolLm);
        float[] expected = ModelRunner.Logits(model, tokens, tokens.Length, KvCacheType.F32);
        var reference = new LogitsFile(tokens, model.VocabularySize, expected);
        float[] logits = ModelRunner.Logits(model, tokens, tokens.Length, KvCacheType.Q4_0);
        Assert.InRange(reference.NormalizedError(logits), 0, 0.0059);
        Assert.Equal(logits, ModelRunner.Logits(model, tokens, 7, KvCacheType.Q4_0));
    }

    [Fact]
    public void ForwardAll_OfGoldenConversations_PrefersTheGoldenTokenWhereTheMarginIsClear()
    {
        using JsonDocument golden =
            JsonDocument.Parse(File.ReadAllText(SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.golden.json")));
        using var model = LanguageModel.Load(TestModels.SmolLm);
        foreach (JsonElement conversation in golden.RootElement.EnumerateArray())
        {
            int[] prompt = Ids(conversation, "prompt_ids");
            int[] answer = Ids(conversation, "greedy_ids");
            double[] margins = [.. conversation.GetProperty("margins").EnumerateArray().Select(value => value.GetDouble())];
            float[] logits = ModelRunner.Logits(model, [.. prompt, .. answer], prompt.Length + answer.Length);
            for (int step = 0; step < answer.Length; step++)
            {
                ReadOnlySpan<float> row = logits.AsSpan((prompt.Length + step - 1) * model.VocabularySize, model.VocabularySize);
                if (margins[step] >= 0.4)
                {
                    Assert.Equal(answer[step], System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row));
                }
            }
        }
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Forward_WithAnyThreadsChunksAndInstructionSet_GivesTheSameBits()
    {
        int[] tokens = [.. Enumerable.Range(0, 45).Select(i => 100 + (i * 37 % 5000))];
        float[]? expected = null;
        foreach (InstructionSet isa in InstructionSet.All.Where(isa => isa.IsSupported && isa.Name != "scalar"))
        {
            foreach ((int threads, int chunk) in new[] { (1, 45), (2, 45), (2, 7), (3, 13), (2, 1) })
            {
                var options = new ModelOptions { InstructionSet = isa.Name, Threads = threads, Processors = threads };
                using var model = LanguageModel.Load(TestModels.SmolLm, options);
                using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 64, BatchTokens = chunk });
                float[] logits = session.Forward(tokens).ToArray();
                expected ??= logits;
                Assert.True(expected.AsSpan().SequenceEqual(logits), $"{isa.Name}, {threads} threads, chunks of {chunk}: logits differ");
            }
        }
    }

    private static int[] Ids(JsonElement conversation, string name) =>
        [.. conversation.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
