using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Threads that share a session: each call gives the right answer or is refused; none crashes.</summary>
public sealed class SessionThreadsTests : IDisposable
{
    private static readonly int[] Prompt = SessionCalls.Prompt;
    private static readonly GenerationOptions Options = SessionCalls.Options;

    // A thread each, as barriers on a busy machine would take most of the time.
    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });

    public static TheoryData<string> Members() => [.. SessionCalls.All.Keys];

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
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => SessionCalls.All[member](session));
        Assert.Contains("another call", error.Message, StringComparison.Ordinal);
        Assert.Equal(Prompt.Length, session.Length);
        leave.Set();
        await holder;
        Assert.Equal(Prompt, session.Tokens.ToArray());
        SessionCalls.All[member](session);
    }

    /// <summary>A call that has begun gives the right logits, whatever another thread tries meanwhile.</summary>
    [Fact]
    public async Task Forward_WhileAnotherThreadTriesEveryMember_IsRightOrRefused()
    {
        int[] tokens = [.. Enumerable.Range(0, 200).Select(i => 1 + (i % 500))];
        float[] expected = SessionCalls.Logits(_model, tokens);
        foreach (Action<ModelSession> member in SessionCalls.All.Values)
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
                    Assert.True(
                        session.Length != tokens.Length
                        || member == SessionCalls.All["ForwardAll"]
                        || member == SessionCalls.All["Forward"]
                        || member == SessionCalls.All["ForwardAsync"]
                        || expected.SequenceEqual(logits));
                }
                catch (Exception error) when (error is InvalidOperationException or ContextFullException)
                {
                }
            }

            Volatile.Write(ref running, false);
            await other;
        }
    }

    [Fact]
    public void Forward_ThousandsOfRacesOfTwoThreads_NeverCrashAndLeaveTheSessionRight()
    {
        float[] expected = SessionCalls.Logits(_model, Prompt);
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
}
