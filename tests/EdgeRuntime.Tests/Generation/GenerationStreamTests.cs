using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using EdgeRuntime.Tests.SideCar;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Answers as streams: every way to enumerate, leave and cancel them.</summary>
public sealed class GenerationStreamTests : IDisposable
{
    private const string Prompt = "Once upon a time, once upon a time, once upon";

    private static readonly GenerationOptions s_options = new() { Temperature = 0, MaxTokens = 12, ApplyTemplate = false };

    private readonly FakeEngine _engine = new(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate);
    private readonly LanguageModel _model;
    private readonly ModelSession _session;

    public GenerationStreamTests()
    {
        _model = LanguageModel.Create(_engine, new FakeTokenizer());
        _session = _model.CreateSession();
    }

    public static TheoryData<bool, bool> Drafts => new() { { false, false }, { true, false }, { false, true } };

    /// <summary>Every way to enumerate an answer.</summary>
    public static TheoryData<string> Ways => [.. s_ways.Keys];

    private static readonly Dictionary<string, Func<GenerationStream, CancellationToken, Task>> s_ways = new()
    {
        ["foreach"] = (answer, _) => Task.Run(answer.Count, CancellationToken.None),
        ["foreach text"] = (answer, _) => Task.Run(answer.Text.Count, CancellationToken.None),
        ["Complete"] = (answer, _) => Task.Run(answer.Complete, CancellationToken.None),
        ["await foreach"] = (answer, token) => TextOf(answer.GetAsyncEnumerator(token)),
        ["await foreach text"] = (answer, token) => TextOf(answer.Text.GetAsyncEnumerator(token)),
        ["ToAsyncEnumerable"] = (answer, token) => TextOf(answer.ToAsyncEnumerable().GetAsyncEnumerator(token)),
        ["Text.ToAsyncEnumerable"] = (answer, token) => TextOf(answer.Text.ToAsyncEnumerable().GetAsyncEnumerator(token)),
        ["CompleteAsync"] = (answer, token) => answer.CompleteAsync(token),
    };

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    [Theory]
    [MemberData(nameof(Drafts))]
    public async Task Generate_EveryWay_GivesTheSameText(bool ngrams, bool model)
    {
        string expected = string.Concat(_session.Generate(Prompt, s_options));
        Assert.NotEmpty(expected);
        using ModelSession? draft = model ? _model.CreateSession() : null;
        GenerationOptions options = s_options with { NgramDraft = ngrams, DraftSession = draft };
        Assert.Equal(expected, await TextOf(_session.Generate(Prompt, options).GetAsyncEnumerator()));
        Assert.Equal(expected, await TextOf(_session.Generate(Prompt, options).Text.GetAsyncEnumerator()));
        Assert.Equal(expected, string.Concat(_session.Generate(Prompt, options).Text));
        Assert.Equal(expected, _session.Generate(Prompt, options).Complete().Text);
        Assert.Equal(expected, (await _session.Generate(Prompt, options).CompleteAsync()).Text);
        Assert.Equal(expected, _session.Generate(_model.Tokenizer.Encode(Prompt), options).Complete().Text);
    }

    [Fact]
    public async Task AwaitForEach_OverAnAnswer_GivesItsTokens()
    {
        GenerationStream answer = _session.Generate(Prompt, s_options);
        List<GeneratedToken> tokens = [];
        await foreach (GeneratedToken token in answer)
        {
            Assert.Equal(token.IsLast, answer.Result is not null);
            Assert.Equal(token.Text, $"{token}");
            tokens.Add(token);
        }

        Assert.Equal(tokens, _session.Generate(Prompt, s_options));
        Assert.Equal(FinishReason.Length, answer.Result!.FinishReason);
        Assert.Equal(tokens.Count, answer.Result.Usage.GeneratedTokens);
        Assert.True(answer.Result.Timings.TimeToFirstToken >= answer.Result.Timings.Prefill);
    }

    [Fact]
    public void Text_OfCharactersOfSeveralTokens_HasNoEmptyPieces()
    {
        GenerationStream answer = _session.Generate(Prompt, s_options with { MaxTokens = 40 });
        List<string> pieces = [.. answer.Text];
        Assert.DoesNotContain("", pieces);
        Assert.Equal(40, answer.Result!.Usage.GeneratedTokens);
        Assert.Contains("", _session.Generate(Prompt, s_options with { MaxTokens = 40 }).Select(token => token.Text));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Enumerate_ASecondTime_IsRefused(string way)
    {
        GenerationStream answer = _session.Generate(Prompt, s_options);
        answer.Complete();
        InvalidOperationException error =
            await Assert.ThrowsAsync<InvalidOperationException>(() => s_ways[way](answer, CancellationToken.None));
        Assert.Contains("enumerated before", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Enumerate_CancelledByTheMethodsToken_ThrowsAndHasAResult(string way)
    {
        using var source = new CancellationTokenSource();
        GenerationStream answer = _session.Generate(Prompt, s_options, source.Token);
        CancelAtPass(source, 4);
        OperationCanceledException error =
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => s_ways[way](answer, CancellationToken.None));
        Assert.Equal(source.Token, error.CancellationToken);
        AssertCancelled(answer, 3);
    }

    [Theory]
    [InlineData("await foreach", false)]
    [InlineData("await foreach", true)]
    [InlineData("await foreach text", true)]
    [InlineData("CompleteAsync", true)]
    public async Task Enumerate_CancelledByTheEnumeratorsToken_ThrowsAndHasAResult(string way, bool both)
    {
        using var source = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        GenerationStream answer = _session.Generate(Prompt, s_options, both ? other.Token : CancellationToken.None);
        CancelAtPass(source, 4);
        OperationCanceledException error =
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => s_ways[way](answer, source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        AssertCancelled(answer, 3);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Enumerate_CancelledDuringPrefill_ThrowsAndLeavesTheSessionUsable(string way)
    {
        string expected = _session.Generate(Prompt, s_options).Complete().Text;
        _session.Truncate(0);
        using var source = new CancellationTokenSource();
        GenerationStream answer = _session.Generate(Prompt, s_options, source.Token);
        CancelAtPass(source, 1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => s_ways[way](answer, CancellationToken.None));
        AssertCancelled(answer, 0);
        _engine.OnRun = null;
        Assert.Equal(expected, _session.Generate(Prompt, s_options).Complete().Text);
    }

    [Fact]
    public async Task Enumerate_LeftEarly_HasACancelledResult()
    {
        GenerationStream answer = _session.Generate(Prompt, s_options);
        Assert.Null(answer.Result);
        foreach (GeneratedToken token in answer)
        {
            Assert.Null(answer.Result);
            break;
        }

        AssertCancelled(answer, 1);
        answer = _session.Generate(Prompt, s_options);
        await foreach (string text in answer.Text)
        {
            break;
        }

        Assert.Equal(FinishReason.Cancelled, answer.Result!.FinishReason);
        Assert.Equal(12, _session.Generate(Prompt, s_options).Complete().Usage.GeneratedTokens);
    }

    [Fact]
    public void Generate_ContextFull_EndsWithTheReasonAndAWarning()
    {
        var events = new EventRecorder();
        using var model = LanguageModel.Create(
            new FakeEngine(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate), new FakeTokenizer(),
            options: new ModelOptions { LoggerFactory = events });
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 60 });
        GenerationResult result = session.Generate(Prompt, s_options with { MaxTokens = null }).Complete();
        Assert.Equal(FinishReason.ContextFull, result.FinishReason);
        Assert.Equal(60, result.Usage.PromptTokens + result.Usage.GeneratedTokens - 1);
        Assert.Contains("The context of 60 tokens is full", Assert.Single(events.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_WithoutASeed_ReportsTheOneThatRepeatsTheAnswer()
    {
        GenerationOptions random = s_options with { Temperature = 2 };
        GenerationResult first = _session.Generate(Prompt, random).Complete();
        Assert.Equal(first.Text, _session.Generate(Prompt, random with { Seed = first.Seed }).Complete().Text);
    }

    [Fact]
    public void MoveNext_OfASynchronousStream_AllocatesNothingButTheText()
    {
        using IEnumerator<GeneratedToken> tokens = _session.Generate(Prompt, s_options with { MaxTokens = 50 }).GetEnumerator();
        long bytes = 0;
        for (int i = 0; i < 50; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(tokens.MoveNext());
            if (i is >= 30 and < 48)
            {
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        // A token is one byte, and a string of one or two characters takes 32 bytes.
        Assert.InRange(bytes, 0, 18 * 32);
    }

    [Fact]
    public async Task Send_CancelledAnswer_KeepsItsText()
    {
        var chat = new ChatSession(_session, s_options);
        using var source = new CancellationTokenSource();
        CancelAtPass(source, 4);
        GenerationStream answer = chat.Send("one", source.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.CompleteAsync());
        Assert.Equal(["one", answer.Result!.Text], chat.Messages.Select(message => message.Content));
        await foreach (GeneratedToken token in chat.Regenerate())
        {
            Assert.NotNull(token.Text);
        }

        Assert.Equal(12, chat.Result!.Usage.GeneratedTokens);
        Assert.Equal(2, chat.Messages.Count);
    }

    /// <summary>Cancels in the middle of a pass.</summary>
    private void CancelAtPass(CancellationTokenSource source, int pass)
    {
        int passes = 0;
        _engine.OnRun = _ =>
        {
            if (++passes == pass)
            {
                source.Cancel();
            }
        };
    }

    private static void AssertCancelled(GenerationStream answer, int tokens)
    {
        Assert.Equal((FinishReason.Cancelled, tokens), (answer.Result!.FinishReason, answer.Result.Usage.GeneratedTokens));
        Assert.Equal(tokens > 0, answer.Result.Text.Length > 0);
    }

    private static async Task<string> TextOf<T>(IAsyncEnumerator<T> pieces)
    {
        List<T> all = [];
        await using (pieces)
        {
            while (await pieces.MoveNextAsync())
            {
                all.Add(pieces.Current);
            }
        }

        return string.Concat(all);
    }
}
