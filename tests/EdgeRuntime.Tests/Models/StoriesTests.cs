using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>The tests' small real model: F32, SentencePiece vocabulary.</summary>
public sealed class StoriesTests
{
    [Fact]
    public void Forward_Greedy_TellsTheGoldenStory()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("models/stories260K.golden.json")));
        int[] expected = [.. golden.RootElement.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32())];
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 256, KvCacheType = KvCacheType.F32 });
        int[] actual = new int[expected.Length];
        actual[0] = model.Tokenizer.BeginOfSequence!.Value;
        for (int i = 1; i < actual.Length; i++)
        {
            actual[i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(session.Forward([actual[i - 1]]));
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Load_OfASplitModel_GivesTheSameLogits()
    {
        using var whole = LanguageModel.Load(TestModels.Stories);
        using var split = LanguageModel.Load(SharedData.Require("conformance/split/stories260K-00002-of-00003.gguf"));
        int[] tokens = [1, 400, 30, 31, 32];
        Assert.Equal(ModelRunner.Logits(whole, tokens, 5), ModelRunner.Logits(split, tokens, 5));
    }

    [Fact]
    public void Truncate_ThenForward_GivesWhatAFreshSessionGives()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession();
        session.Forward([1, 2, 3, 4, 5, 6]);
        session.Truncate(3);
        float[] rewound = session.Forward([9, 10]).ToArray();
        using ModelSession fresh = model.CreateSession();
        Assert.Equal(fresh.Forward([1, 2, 3, 9, 10]).ToArray(), rewound);
        Assert.Equal([1, 2, 3, 9, 10], session.Tokens.ToArray());
    }

    [Fact]
    public void Shift_DropsPositionsAndGoesOn()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 16, KvCacheType = KvCacheType.F32 });
        session.Forward([1, 20, 21, 22, 23, 24, 25, 26]);
        session.Shift(1, 3);
        Assert.Equal([1, 23, 24, 25, 26], session.Tokens.ToArray());
        Assert.All(session.Forward([27]).ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void Forward_BeyondTheContext_ThrowsAndChangesNothing()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 4 });
        session.Forward([1, 2, 3]);
        var exception = Assert.Throws<ContextFullException>(() => session.Forward([4, 5]).Length);
        Assert.Equal(4, exception.ContextLength);
        Assert.Equal(3, session.Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(512)]
    public void Forward_OfATokenOutsideTheVocabulary_IsRefused(int token)
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession();
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Forward([token]).Length);
    }

    [Fact]
    public void Forward_Cancelled_LeavesTheSessionUsable()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = model.CreateSession();
        session.Forward([1, 2]);
        using var cancelled = new System.Threading.CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => session.Forward([3, 4, 5], cancelled.Token).Length);
        Assert.Equal(2, session.Length);
        Assert.Equal(512, session.Forward([3]).Length);
    }

    [Fact]
    public void Dispose_OfTheModelBeforeItsSession_LeavesTheSessionRunning()
    {
        var model = LanguageModel.Load(TestModels.Stories);
        ModelSession session = model.CreateSession();
        model.Dispose();
        Assert.Equal(512, session.Forward([1]).Length);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
    }
}
