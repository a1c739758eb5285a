using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Fakes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Scheduling;

/// <summary>Sessions that share a model: every one gets the bits that it gets alone, and none has to wait for another one's end.</summary>
public sealed class SharedModelTests
{
    [Fact]
    public async Task Forward_OfSeveralThreads_GivesTheLogitsOfEachAlone()
    {
        using var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Tokens(i % 2 == 0 ? 5 + i : 120 + (20 * i), 500))];
        float[][] alone = [.. prompts.Select(prompt => Decode(model, prompt, start: null))];
        using var start = new Barrier(prompts.Length);
        float[][] together = await Task.WhenAll(prompts.Select(prompt => Task.Factory.StartNew(
            () => Decode(model, prompt, start), TaskCreationOptions.LongRunning)));
        for (int i = 0; i < prompts.Length; i++)
        {
            Assert.True(alone[i].AsSpan().SequenceEqual(together[i]), $"session {i} got other logits than alone");
        }
    }

    [Fact]
    public async Task Forward_OfFiftySessions_GivesTheLogitsOfEachAlone()
    {
        using var model = LanguageModel.Create(new RecordingEngine(), new FakeTokenizer());
        int[][] prompts = [.. Enumerable.Range(0, 50).Select(i => Tokens(1 + (i * 13 % 300), 200))];
        float[][] alone = [.. prompts.Select(prompt => Decode(model, prompt, start: null))];
        using var start = new Barrier(prompts.Length);
        float[][] together = await Task.WhenAll(prompts.Select(prompt => Task.Factory.StartNew(
            () => Decode(model, prompt, start), TaskCreationOptions.LongRunning)));
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task Dispose_OfASessionThatWaitsForAnother_EndsItsCall()
    {
        var engine = new RecordingEngine();
        using var model = LanguageModel.Create(engine, new FakeTokenizer());
        using ModelSession running = model.CreateSession();
        ModelSession waiting = model.CreateSession();
        engine.Gate.Reset();
        Task first = Task.Factory.StartNew(() => running.Forward([1, 2, 3]), TaskCreationOptions.LongRunning);
        engine.Entered.Wait();
        Task second = Task.Factory.StartNew(() => waiting.Forward([1, 2, 3]), TaskCreationOptions.LongRunning);
        waiting.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => second);
        Assert.False(first.IsCompleted);
        engine.Gate.Set();
        await first;
    }

    private static float[] Decode(LanguageModel model, int[] prompt, Barrier? start)
    {
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 512, BatchTokens = 128 });
        start?.SignalAndWait();
        List<float> logits = [.. session.Forward(prompt)];
        for (int token = 0; token < 10; token++)
        {
            logits.AddRange(session.Forward([(prompt[^1] + token) % 200]));
        }

        return [.. logits];
    }

    private static int[] Tokens(int count, int below) => [.. Enumerable.Range(0, count).Select(i => 2 + (i * 7 % (below - 2)))];
}
