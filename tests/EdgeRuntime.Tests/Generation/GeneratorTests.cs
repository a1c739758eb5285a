using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Fakes;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

public sealed class GeneratorTests
{
    private static readonly int[] Prompt = [0, .. FakeTokenizer.Ids("Say it: ")];

    [Fact]
    public void Generate_EndToken_GivesTheTextAndTheReason()
    {
        FakeSequence state = Saying("Grüße 🙂!");
        Generator generator = New(state, new());
        List<GeneratedToken> tokens = [.. generator.Generate(Prompt)];
        Assert.Equal("Grüße 🙂!", Text(tokens));
        Assert.Equal(1, tokens[^1].Id);
        Assert.True(tokens[^1].IsLast);
        Assert.Single(tokens, t => t.IsLast);
        GenerationResult result = generator.Result!;
        Assert.Equal(StopReason.EndOfGeneration, result.StopReason);
        Assert.Equal((Prompt.Length, 0, tokens.Count), (result.PromptTokens, result.CachedPromptTokens, result.GeneratedTokens));

        // The end token is not computed: the next turn does so with its own text.
        Assert.Equal(Prompt.Length + tokens.Count - 1, state.Length);
    }

    [Theory]
    [InlineData("stop", "one two ")]
    [InlineData("o s", "one tw")]
    [InlineData("stopp", "one two stop three")]
    [InlineData("three!", "one two stop three")]
    public void Generate_StopString_NeverShowsAnyOfIt(string stop, string expected)
    {
        Generator generator = New(Saying("one two stop three"), new() { StopSequences = [stop] });
        Assert.Equal(expected, Text(generator.Generate(Prompt)));
        bool found = expected != "one two stop three";
        Assert.Equal(found ? StopReason.StopText : StopReason.EndOfGeneration, generator.Result!.StopReason);
        Assert.Equal(found ? stop : null, generator.Result.StopText);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "o")]
    [InlineData(5, "one t")]
    public void Generate_MaxTokens_EndsThere(int most, string expected)
    {
        Generator generator = New(Saying("one two"), new() { MaxTokens = most, StopSequences = ["two!"] });
        List<GeneratedToken> tokens = [.. generator.Generate(Prompt)];
        Assert.Equal(expected, Text(tokens));
        Assert.Equal(most, tokens.Count);
        Assert.Equal(StopReason.MaxTokens, generator.Result!.StopReason);
        Assert.Equal(most, generator.Result.GeneratedTokens);
    }

    [Fact]
    public void Generate_UnfinishedCharacterAtTheEnd_BecomesTheReplacementCharacter()
    {
        Generator generator = New(Saying("aé"), new() { MaxTokens = 2 });
        Assert.Equal("a\uFFFD", Text(generator.Generate(Prompt)));
    }

    [Fact]
    public void Generate_ContextFull_EndsWithTheReason()
    {
        FakeSequence state = Saying("a text that is too long", Prompt.Length + 4);
        Generator generator = New(state, new() { StopSequences = ["that"] });
        Assert.Equal("a tex", Text(generator.Generate(Prompt)));
        Assert.Equal(StopReason.ContextFull, generator.Result!.StopReason);
        Assert.Equal(5, generator.Result.GeneratedTokens);
    }

    [Fact]
    public void Generate_CancelledDuringPrefill_EndsEmptyAndTheNextAnswerIsRight()
    {
        using CancellationTokenSource source = new();
        FakeSequence state = Saying("one two");
        Generator generator = New(state, new());
        state.OnForward = source.Cancel;
        Assert.Empty(generator.Generate(Prompt, source.Token));
        Assert.Equal(StopReason.Cancelled, generator.Result!.StopReason);
        state.OnForward = null;
        Assert.Equal("one two", Text(generator.Generate(Prompt, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Generate_CancelledDuringDecode_GivesOutWhatWasHeldBack()
    {
        using CancellationTokenSource source = new();
        FakeSequence state = Saying("one two");
        Generator generator = New(state, new() { StopSequences = ["ones"] });
        state.OnForward = () =>
        {
            if (state.Forwards == 3)
            {
                source.Cancel();
            }
        };
        List<GeneratedToken> tokens = [.. generator.Generate(Prompt, source.Token)];
        Assert.Equal("one", Text(tokens));
        Assert.Equal(new GeneratedToken(-1, "one", true), tokens[^1]);
        Assert.Equal((StopReason.Cancelled, 3), (generator.Result!.StopReason, generator.Result.GeneratedTokens));
        Assert.Equal(Prompt.Length + 2, state.Length);
    }

    [Fact]
    public void Generate_CallerReadsNoFurther_HasAResult()
    {
        FakeSequence state = Saying("one two");
        Generator generator = New(state, new());
        Assert.Equal(3, generator.Generate(Prompt).Take(3).Count());
        Assert.Equal((StopReason.Cancelled, 3), (generator.Result!.StopReason, generator.Result.GeneratedTokens));
    }

    [Fact]
    public void Generate_NextTurn_ComputesOnlyWhatIsNew()
    {
        FakeSequence state = Saying("one two");
        Generator generator = New(state, new());
        int[] answer = [.. generator.Generate(Prompt).Select(t => t.Id)];
        int computed = state.Computed;
        int[] next = [.. Prompt, .. answer, .. FakeTokenizer.Ids("more")];
        _ = generator.Generate(next).First();
        Assert.Equal(next.Length - "more".Length - 1, generator.Result!.CachedPromptTokens);
        Assert.Equal(computed + "more".Length + 1, state.Computed);
    }

    [Fact]
    public void Constructor_SenselessSetting_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => New(Saying(""), new() { MaxTokens = -1 }));
        Assert.Throws<ArgumentException>(() => New(Saying(""), new() { StopSequences = [""] }));
    }

    private static Generator New(FakeSequence state, GenerationOptions options) =>
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
