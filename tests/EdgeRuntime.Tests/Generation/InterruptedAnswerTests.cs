using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Answers that are abandoned, cancelled, or overtaken by another change of their session.</summary>
public sealed class InterruptedAnswerTests : IDisposable
{
    private static readonly int[] Prompt = SessionCalls.Prompt;
    private static readonly GenerationOptions Options = SessionCalls.Options;

    // A thread each, as barriers on a busy machine would take most of the time.
    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task Generate_EnumeratorGivenUp_LocksNothing()
    {
        using ModelSession session = _model.CreateSession();
        string expected = string.Concat(session.Generate("The cat", Options));
        IEnumerator<GeneratedToken> abandoned = session.Generate("Once upon a time", Options).GetEnumerator();
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
            using IEnumerator<GeneratedToken> answer = session.Generate("Once upon a time", Options).GetEnumerator();
            Assert.True(answer.MoveNext());
            _ = session.Tokens.Length + session.Length;
            Assert.True(answer.MoveNext());
            change();
            Assert.Throws<InvalidOperationException>(() => answer.MoveNext());
        }
    }

    [Fact]
    public void Generate_SecondAnswer_EndsTheFirst()
    {
        using ModelSession session = _model.CreateSession();
        int[] expected = [.. session.Generate(Prompt, Options).Select(token => token.Id)];
        GenerationStream first = session.Generate(Prompt, Options);
        using IEnumerator<GeneratedToken> tokens = first.GetEnumerator();
        Assert.True(tokens.MoveNext());
        Assert.Equal(expected, session.Generate(Prompt, Options).Select(token => token.Id));
        Assert.Throws<InvalidOperationException>(() => tokens.MoveNext());
        Assert.Equal((FinishReason.Cancelled, 1), (first.Result!.FinishReason, first.Result.Usage.GeneratedTokens));
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
                string text =
                    string.Concat(session.Generate("Once upon a time", Options with { NgramDraft = round % 2 == 0 }, source.Token));
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
}
