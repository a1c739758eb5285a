using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Sessions and models that are disposed before, during and after calls.</summary>
public sealed class DisposalTests : IDisposable
{
    private static readonly int[] Prompt = SessionCalls.Prompt;
    private static readonly GenerationOptions Options = SessionCalls.Options;

    // A thread each, as barriers on a busy machine would take most of the time.
    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });

    public static TheoryData<string> Members() => [.. SessionCalls.All.Keys];

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Members))]
    public void EveryMember_AfterDispose_Throws(string member)
    {
        ModelSession session = _model.CreateSession();
        session.Forward(Prompt);
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => SessionCalls.All[member](session));
        Assert.Equal(Prompt.Length, session.Length);
        Assert.Throws<ObjectDisposedException>(() => _ = session.Generate("a"));
    }

    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 60)]
    public async Task Dispose_DuringEveryKindOfCall_EndsItWithoutTouchingFreedMemory(int threads, int rounds)
    {
        using var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = threads });
        var errors = new ConcurrentBag<Exception>();
        for (int round = 0; round < rounds; round++)
        {
            ModelSession session = model.CreateSession(new SessionOptions { BatchTokens = 8 });
            using var begun = new Barrier(2);
            Task call = Task.Run(() =>
            {
                begun.SignalAndWait();
                try
                {
                    switch (round % 3)
                    {
                        case 0: _ = session.Generate("Once upon a time", Options).Count(); break;
                        case 1: session.Forward([.. Enumerable.Repeat(7, 200)]); break;
                        default: _ = new ChatSession(session, Options with { NgramDraft = true }).Send("a a a a a a").Count(); break;
                    }
                }
                catch (ObjectDisposedException)
                {
                }
                catch (Exception exception)
                {
                    errors.Add(exception);
                }
            });
            begun.SignalAndWait();
            Thread.SpinWait(round * 100);
            session.Dispose();
            await call;
        }

        Assert.Empty(errors);
    }

    [Fact]
    public async Task Dispose_DuringALongPrefill_CancelsIt()
    {
        Exception? error = null;
        for (int round = 0; round < 20 && error is null; round++)
        {
            SessionOptions options = new() { ContextLength = 4000, AllowLongContext = true, BatchTokens = 4000 };
            ModelSession session = _model.CreateSession(options);
            Task<Exception?> call = Task.Run(() => Record.Exception(() => session.Forward([.. Enumerable.Repeat(7, 4000)])));
            SpinWait.SpinUntil(() => ((ISequenceState)session).Guard.Version > 0); // it computes
            session.Dispose();
            error = await call;
        }

        Assert.IsType<ObjectDisposedException>(error);
    }

    [Fact]
    public void Spans_AfterDisposeAndGrowth_StayReadable()
    {
        ModelSession session = _model.CreateSession();
        ReadOnlySpan<float> logits = session.Forward(Prompt);
        float[] copy = logits.ToArray();
        session.ForwardAll(Prompt);
        ReadOnlySpan<int> tokens = session.Tokens;
        session.Dispose();
        GC.Collect();
        Assert.Equal(copy, logits.ToArray());
        Assert.Equal(24, tokens.Length);
    }

    [Fact]
    public void Dispose_OfSessionAndModelByManyThreads_FreesOnce()
    {
        for (int round = 0; round < 20; round++)
        {
            var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });
            ModelSession session = model.CreateSession();
            Parallel.For(0, 8, i =>
            {
                if (i % 2 == 0)
                {
                    model.Dispose();
                }
                else
                {
                    session.Dispose();
                }
            });
            Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
            Assert.Throws<ObjectDisposedException>(() => model.PackWeights());
        }
    }

    [Fact]
    public void CreateSession_WhileTheModelIsDisposed_GivesALivingSessionOrThrows()
    {
        float[] expected = SessionCalls.Logits(_model, Prompt);
        for (int round = 0; round < 30; round++)
        {
            var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });
            Parallel.Invoke(
                model.Dispose,
                () =>
                {
                    try
                    {
                        using ModelSession session = model.CreateSession();
                        Assert.Equal(expected, session.Forward(Prompt).ToArray());
                    }
                    catch (ObjectDisposedException)
                    {
                    }
                });
        }
    }
}
