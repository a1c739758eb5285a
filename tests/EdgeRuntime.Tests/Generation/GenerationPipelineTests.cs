using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Fakes;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

public sealed class GenerationPipelineTests
{
    private static readonly int[] Prompt = [0, .. FakeTokenizer.Ids("Say it: ")];

    [Fact]
    public void Generate_EndToken_GivesTheTextAndTheReason()
    {
        FakeSequence state = Saying("Grüße 🙂!");
        GenerationStream answer = New(state, new()).Generate(Prompt);
        List<GeneratedToken> tokens = [.. answer];
        Assert.Equal("Grüße 🙂!", Text(tokens));
        Assert.Equal(1, tokens[^1].Id);
        Assert.True(tokens[^1].IsLast);
        Assert.Single(tokens, t => t.IsLast);
        GenerationResult result = answer.Result!;
        Assert.Equal((FinishReason.Stop, "Grüße 🙂!"), (result.FinishReason, result.Text));
        GenerationUsage expected = new() { PromptTokens = Prompt.Length, GeneratedTokens = tokens.Count };
        Assert.Equal(expected, result.Usage);

        // The end token is not computed: the next turn does so with its own text.
        Assert.Equal(Prompt.Length + tokens.Count - 1, state.Length);
    }

    [Theory]
    [InlineData("stop", "one two ")]
    [InlineData("o s", "one tw")]
    [InlineData("stopp", "one two stop three")]
    [InlineData("three!", "one two stop three")]
    public void Generate_StopSequence_NeverShowsAnyOfIt(string stop, string expected)
    {
        GenerationStream answer = New(Saying("one two stop three"), new() { StopSequences = [stop] }).Generate(Prompt);
        Assert.Equal(expected, Text(answer));
        bool found = expected != "one two stop three";
        Assert.Equal(found ? FinishReason.StopSequence : FinishReason.Stop, answer.Result!.FinishReason);
        Assert.Equal(found ? stop : null, answer.Result.StopSequence);
        Assert.Equal(expected, answer.Result.Text);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "o")]
    [InlineData(5, "one t")]
    public void Generate_MaxTokens_EndsThere(int most, string expected)
    {
        GenerationStream answer = New(Saying("one two"), new() { MaxTokens = most, StopSequences = ["two!"] }).Generate(Prompt);
        List<GeneratedToken> tokens = [.. answer];
        Assert.Equal(expected, Text(tokens));
        Assert.Equal(most, tokens.Count);
        Assert.Equal(FinishReason.Length, answer.Result!.FinishReason);
        Assert.Equal(most, answer.Result.Usage.GeneratedTokens);
    }

    [Fact]
    public void Generate_UnfinishedCharacterAtTheEnd_BecomesTheReplacementCharacter()
    {
        GenerationResult result = New(Saying("aé"), new() { MaxTokens = 2 }).Generate(Prompt).Complete();
        Assert.Equal("a\uFFFD", result.Text);
    }

    [Fact]
    public void Generate_ContextFull_EndsWithTheReason()
    {
        FakeSequence state = Saying("a text that is too long", Prompt.Length + 4);
        GenerationStream answer = New(state, new() { StopSequences = ["that"] }).Generate(Prompt);
        Assert.Equal("a tex", Text(answer));
        Assert.Equal(FinishReason.ContextFull, answer.Result!.FinishReason);
        Assert.Equal(5, answer.Result.Usage.GeneratedTokens);
    }

    [Fact]
    public void Generate_CancelledDuringPrefill_EndsEmptyAndTheNextAnswerIsRight()
    {
        using CancellationTokenSource source = new();
        FakeSequence state = Saying("one two");
        GenerationPipeline pipeline = New(state, new());
        state.OnForward = source.Cancel;
        GenerationStream answer = pipeline.Generate(Prompt, cancellationToken: source.Token);
        Assert.Throws<OperationCanceledException>(() => answer.Complete());
        Assert.Equal((FinishReason.Cancelled, ""), (answer.Result!.FinishReason, answer.Result.Text));
        state.OnForward = null;
        Assert.Equal("one two", pipeline.Generate(Prompt).Complete().Text);
    }

    [Fact]
    public void Generate_CancelledDuringDecode_HasTheTextThatWasHeldBack()
    {
        using CancellationTokenSource source = new();
        FakeSequence state = Saying("one two");
        state.OnForward = () =>
        {
            if (state.Forwards == 3)
            {
                source.Cancel();
            }
        };
        GenerationStream answer =
            New(state, new() { StopSequences = ["ones"] }).Generate(Prompt, cancellationToken: source.Token);
        List<GeneratedToken> tokens = [];
        Assert.Throws<OperationCanceledException>(() => tokens.AddRange(answer));
        Assert.Equal("", Text(tokens));
        Assert.Equal((FinishReason.Cancelled, "one"), (answer.Result!.FinishReason, answer.Result.Text));
        Assert.Equal(3, answer.Result.Usage.GeneratedTokens);
        Assert.Equal(Prompt.Length + 2, state.Length);
    }

    [Fact]
    public void Generate_LoopLeftEarly_HasAResult()
    {
        GenerationStream answer = New(Saying("one two"), new()).Generate(Prompt);
        Assert.Equal(3, answer.Take(3).Count());
        Assert.Equal((FinishReason.Cancelled, "one"), (answer.Result!.FinishReason, answer.Result.Text));
    }

    [Fact]
    public void Generate_NextTurn_ComputesOnlyWhatIsNew()
    {
        FakeSequence state = Saying("one two");
        GenerationPipeline pipeline = New(state, new());
        int[] answer = [.. pipeline.Generate(Prompt).Select(t => t.Id)];
        int computed = state.Computed;
        int[] next = [.. Prompt, .. answer, .. FakeTokenizer.Ids("more")];
        GenerationStream second = pipeline.Generate(next);
        _ = second.First();
        Assert.Equal(next.Length - "more".Length - 1, second.Result!.Usage.CachedPromptTokens);
        Assert.Equal(computed + "more".Length + 1, state.Computed);
    }

    private static GenerationPipeline New(FakeSequence state, GenerationOptions options) =>
        new(state, new FakeTokenizer(), options with { Temperature = 0 });

    private static string Text(IEnumerable<GeneratedToken> tokens) =>
        tokens.Aggregate(new StringBuilder(), (text, t) => text.Append(t.Text)).ToString();

    /// <summary>A model that says a text behind <see cref="Prompt"/>, then ends.</summary>
    private static FakeSequence Saying(string text, int contextLength = 200)
    {
        int[] answer = [.. FakeTokenizer.Ids(text), 1];
        return new(FakeTokenizer.VocabularySizeOf, contextLength)
        {
            Model = (tokens, logits) =>
            {
                logits.Span.Clear();
                logits.Span[answer[Math.Clamp(tokens.Length - Prompt.Length, 0, answer.Length - 1)]] = 1;
            },
        };
    }
}
