using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Threads that get in each other's way: an exception or the right answer, never another answer and never a crash.</summary>
public sealed class MisuseTests : IDisposable
{
    private static readonly int[] Prompt = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];
    private static readonly GenerationOptions Options = new() { Temperature = 0, MaxTokens = 24 };

    // A thread each, as barriers on a busy machine would take most of the time.
    private readonly LanguageModel _model = LanguageModel.Load(DamagedModel.Stories, new ModelOptions { Threads = 1 });

    public static TheoryData<string> Members() => [.. Calls.Keys];

    private static Dictionary<string, Action<ModelSession>> Calls { get; } = new()
    {
        ["Forward"] = static session => session.Forward([1]),
        ["ForwardAll"] = static session => session.ForwardAll([1, 2]),
        ["Truncate"] = static session => session.Truncate(0),
        ["Shift"] = static session => session.Shift(0, 0),
        ["Generate"] = static session => session.Generate("a", Options).Any(),
        ["Generator"] = static session => new Generator(session, Options).Generate(Prompt).Any(),
        ["ChatSession"] = static session => new ChatSession(session, Options).Send("a").Any(),
    };

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Members))]
    public async Task EveryMember_WhileAnotherThreadIsInside_IsRefusedAndChangesNothing(string member)
    {
        using ModelSession session = _model.CreateSession();
        session.Forward(Prompt);
        using var inside = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Task holder = Task.Run(() =>
        {
            using UseGuard.Scope call = ((ISequenceState)session).Guard.Enter();
            inside.Set();
            leave.Wait();
        });
        inside.Wait();
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Calls[member](session));
        Assert.Contains("two threads", error.Message, StringComparison.Ordinal);
        Assert.Equal(Prompt.Length, session.Length);
        leave.Set();
        await holder;
        Assert.Equal(Prompt, session.Tokens.ToArray());
        Calls[member](session);
    }

    /// <summary>A call that has begun gives the right logits, whatever another thread tries meanwhile.</summary>
    [Fact]
    public async Task Forward_WhileAnotherThreadTriesEveryMember_IsRightOrRefused()
    {
        int[] tokens = [.. Enumerable.Range(0, 200).Select(i => 1 + (i % 500))];
        float[] expected = Fresh(tokens);
        foreach (Action<ModelSession> member in Calls.Values)
        {
            using ModelSession session = _model.CreateSession();
            bool running = true;
            Task other = Task.Run(() =>
            {
                while (Volatile.Read(ref running))
                {
                    Exception? error = Record.Exception(() => member(session));
                    Assert.True(error is null or InvalidOperationException or ContextFullException, $"{error}");
                }
            });
            for (int round = 0; round < 20; round++)
            {
                try
                {
                    session.Truncate(0);
                    float[] logits = session.Forward(tokens).ToArray();
                    Assert.True(session.Length != tokens.Length || member == Calls["ForwardAll"] || member == Calls["Forward"] || expected.SequenceEqual(logits));
                }
                catch (Exception error) when (error is InvalidOperationException or ContextFullException)
                {
                }
            }

            Volatile.Write(ref running, false);
            await other;
        }
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void EveryMember_AfterDispose_Throws(string member)
    {
        ModelSession session = _model.CreateSession();
        session.Forward(Prompt);
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Calls[member](session));
        Assert.Equal(Prompt.Length, session.Length);
        Assert.Throws<ObjectDisposedException>(() => _ = session.Generate("a"));
    }

    [Fact]
    public void Forward_ThousandsOfRacesOfTwoThreads_NeverCrashAndLeaveTheSessionRight()
    {
        float[] expected = Fresh(Prompt);
        using ModelSession session = _model.CreateSession();
        Parallel.For(0, 2, _ =>
        {
            for (int i = 0; i < 3000; i++)
            {
                try
                {
                    session.Truncate(0);
                    Assert.Equal(expected.Length, session.Forward(Prompt).Length);
                    session.ForwardAll(Prompt.AsSpan(0, 1 + (i % Prompt.Length)));
                    session.Shift(1, 2);
                }
                catch (Exception error) when (error is InvalidOperationException or ArgumentOutOfRangeException)
                {
                    // The other thread's Truncate may leave too little to shift.
                }
            }
        });
        session.Truncate(0);
        Assert.Equal(expected, session.Forward(Prompt).ToArray());
    }

    [Fact]
    public void Generate_OfManyThreadsOnOneSession_GivesTheRightTextOrAnException()
    {
        using ModelSession session = _model.CreateSession();
        string[] prompts = ["Once upon a time", "The cat", "A dog", "Lily"];
        string[] expected = [.. prompts.Select(prompt => string.Concat(session.Generate(prompt, Options)))];
        var chat = new ChatSession(session, Options);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            try
            {
                if (i % 3 == 0)
                {
                    _ = chat.Send(prompts[i % 4]).Count();
                }
                else
                {
                    Assert.Equal(expected[i % 4], string.Concat(session.Generate(prompts[i % 4], Options)));
                }
            }
            catch (Exception exception) when (exception is InvalidOperationException or ContextFullException)
            {
            }
        });
        Assert.Equal(expected[0], string.Concat(session.Generate(prompts[0], Options)));
    }

    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 60)]
    public async Task Dispose_DuringEveryKindOfCall_EndsItWithoutTouchingFreedMemory(int threads, int rounds)
    {
        using var model = LanguageModel.Load(DamagedModel.Stories, new ModelOptions { Threads = threads });
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
            ModelSession session = _model.CreateSession(new SessionOptions { ContextLength = 4000, BatchTokens = 4000 });
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
            var model = LanguageModel.Load(DamagedModel.Stories, new ModelOptions { Threads = 1 });
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
        float[] expected = Fresh(Prompt);
        for (int round = 0; round < 30; round++)
        {
            var model = LanguageModel.Load(DamagedModel.Stories, new ModelOptions { Threads = 1 });
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

    [Fact]
    public async Task Generate_EnumeratorGivenUp_LocksNothing()
    {
        using ModelSession session = _model.CreateSession();
        string expected = string.Concat(session.Generate("The cat", Options));
        IEnumerator<string> abandoned = session.Generate("Once upon a time", Options).GetEnumerator();
        Assert.True(abandoned.MoveNext());
        Assert.Equal(expected, string.Concat(session.Generate("The cat", Options)));
        Assert.Equal(expected, await Task.Run(() => string.Concat(session.Generate("The cat", Options))));
        Assert.Throws<InvalidOperationException>(() => abandoned.MoveNext());
        abandoned.Dispose();
        Assert.Equal(expected, string.Concat(session.Generate("The cat", Options)));
    }

    [Fact]
    public void Generate_SessionChangedBetweenSteps_IsRefused()
    {
        using ModelSession session = _model.CreateSession();
        foreach (Action change in (Action[])[() => session.Truncate(0), () => session.Forward([5]), () => session.Shift(0, 1)])
        {
            using IEnumerator<string> answer = session.Generate("Once upon a time", Options).GetEnumerator();
            Assert.True(answer.MoveNext());
            _ = session.Tokens.Length + session.Length;
            Assert.True(answer.MoveNext());
            change();
            Assert.Throws<InvalidOperationException>(() => answer.MoveNext());
        }
    }

    [Fact]
    public void Generate_SecondAnswerOfOneGenerator_EndsTheFirst()
    {
        using ModelSession session = _model.CreateSession();
        var generator = new Generator(session, Options);
        int[] expected = [.. generator.Generate(Prompt).Select(token => token.Id)];
        using IEnumerator<GeneratedToken> first = generator.Generate(Prompt).GetEnumerator();
        Assert.True(first.MoveNext());
        Assert.Equal(expected, generator.Generate(Prompt).Select(token => token.Id));
        GenerationResult? result = generator.Result;
        Assert.Throws<InvalidOperationException>(() => first.MoveNext());
        Assert.Same(result, generator.Result);
    }

    [Fact]
    public void Send_ConversationChangedMeanwhile_DoesNotTouchTheNewOne()
    {
        using ModelSession session = _model.CreateSession();
        var chat = new ChatSession(session, Options);
        IEnumerator<GeneratedToken> old = chat.Send("Once upon a time").GetEnumerator();
        Assert.True(old.MoveNext());
        IEnumerable<GeneratedToken> unread = chat.Send("nobody reads this");
        _ = chat.Send("The cat").Count();
        Assert.Throws<InvalidOperationException>(() => unread.Any());
        Assert.Throws<InvalidOperationException>(() => old.MoveNext());
        old.Dispose();
        Assert.Equal(["The cat"], chat.Messages.Where(message => message.Role == "user").Select(message => message.Content));
        chat.Clear();
        Assert.Empty(chat.Messages);
    }

    [Fact]
    public void Generate_DraftSessionSharedByTwoThreads_IsRightOrRefused()
    {
        using ModelSession draft = _model.CreateSession();
        using ModelSession alone = _model.CreateSession();
        string expected = string.Concat(alone.Generate("Once upon a time", Options));
        Parallel.For(0, 2, _ =>
        {
            using ModelSession session = _model.CreateSession();
            for (int i = 0; i < 20; i++)
            {
                try
                {
                    Assert.Equal(expected, string.Concat(session.Generate("Once upon a time", Options with { DraftSession = draft })));
                }
                catch (InvalidOperationException)
                {
                }
            }
        });
    }

    [Fact]
    public void Generate_AThousandRandomCancellations_LeaveTheSessionRight()
    {
        using ModelSession session = _model.CreateSession(new SessionOptions { BatchTokens = 4 });
        string expected = string.Concat(session.Generate("Once upon a time", Options));
        var random = new Random(3);
        for (int round = 0; round < 1000; round++)
        {
            using var source = new CancellationTokenSource();
            source.CancelAfter(random.Next(8));
            try
            {
                string text = string.Concat(session.Generate("Once upon a time", Options with { NgramDraft = round % 2 == 0 }, source.Token));
                Assert.Equal(expected, text);
            }
            catch (OperationCanceledException)
            {
            }

            if (round % 7 == 0)
            {
                session.Truncate(random.Next(session.Length + 1));
            }
        }

        Assert.Equal(expected, string.Concat(session.Generate("Once upon a time", Options)));
    }

    [Fact]
    public void CreateSession_EightHundredOnEightThreads_AllAnswerRight()
    {
        using ModelSession alone = _model.CreateSession();
        GenerationOptions few = Options with { MaxTokens = 4 };
        string expected = string.Concat(alone.Generate("Once upon a time", few));
        Parallel.For(0, 800, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            ModelSession session = _model.CreateSession(new SessionOptions { ContextLength = 64, BatchTokens = 8 });
            Assert.Equal(expected, string.Concat(session.Generate("Once upon a time", few)));
            if (i % 4 != 0)
            {
                session.Dispose(); // the others are left to the collector
            }
        });
    }

    private float[] Fresh(int[] tokens)
    {
        using ModelSession session = _model.CreateSession();
        return session.Forward(tokens).ToArray();
    }
}
