using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics.Tensors;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Logit processors and custom samplers in the normal loop of an answer.</summary>
public sealed class ExtensionPointTests(SmolLmFixture fixture) : IClassFixture<SmolLmFixture>
{
    private const string Question = "Count from one to five. Write the words one two three, one two three, one two three.";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_ProcessorThatAllowsDigits_AnswersInDigits(bool drafts)
    {
        DigitsOnly processor = new(fixture.Model);
        GenerationOptions options = new() { MaxTokens = 12, Seed = 3, NgramDraft = drafts, LogitProcessors = [processor] };
        string answer = Answer(options);
        Assert.Equal(12, answer.Length);
        Assert.All(answer, digit => Assert.InRange(digit, '0', '9'));
        Assert.Equal(answer, Answer(options with { NgramDraft = !drafts }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_Processor_SeesThePromptAndTheAnswer(bool drafts)
    {
        Recorder recorder = new();
        using ModelSession session = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        GenerationOptions options = new() { MaxTokens = 20, Temperature = 0, NgramDraft = drafts, LogitProcessors = [recorder] };
        string answer = string.Concat(session.Generate(Question, options));
        int prompt = recorder.Seen[0].Length;
        Assert.Contains(Question, fixture.Model.Tokenizer.Decode(recorder.Seen[0]), StringComparison.Ordinal);
        Assert.Equal(session.Tokens[..prompt], recorder.Seen[0]);
        for (int i = 1; i < recorder.Seen.Count; i++)
        {
            Assert.Equal(prompt + i, recorder.Seen[i].Length);
            Assert.Equal(recorder.Seen[i - 1], recorder.Seen[i][..^1]);
        }

        Assert.StartsWith(answer[..20], fixture.Model.Tokenizer.Decode(recorder.Seen[^1].AsSpan(prompt)), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_CustomGreedySampler_AnswersAsWithTemperatureZero()
    {
        GenerationOptions options = new() { MaxTokens = 24, Temperature = 0 };
        string expected = Answer(options);
        using ModelSession draft = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        Greedy sampler = new();
        Assert.Equal(expected, Answer(options with { Temperature = 1, Sampler = sampler }));
        Assert.InRange(sampler.Accepted, 5, 24);
        Assert.True(sampler.Prompt > 0);
        Assert.Equal(expected, Answer(options with { Temperature = 1, Sampler = new Greedy(), NgramDraft = true }));
        Assert.Equal(expected, Answer(options with { Temperature = 1, Sampler = new Greedy(), DraftSession = draft }));
    }

    [Fact]
    public void Generate_CustomSampler_ReportsNoSeed()
    {
        GenerationOptions options = new() { MaxTokens = 1, Seed = 1 };
        using ModelSession session = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        Assert.Equal(1UL, session.Generate(Question, options).Complete().Seed);
        Assert.Null(session.Generate(Question, options with { Sampler = new Greedy() }).Complete().Seed);
    }

    [Fact]
    public void Generate_CustomSampler_StopsAtStopSequences()
    {
        GenerationOptions options = new() { MaxTokens = 24, Sampler = new Greedy() };
        string answer = Answer(options);
        string stop = answer[(answer.Length / 2)..(answer.Length / 2 + 4)];
        Assert.Equal(answer[..answer.IndexOf(stop, StringComparison.Ordinal)], Answer(options with { StopSequences = [stop] }));
    }

    [Fact]
    public void Generate_CustomSampler_GetsTheLogitsOfTheProcessors()
    {
        string answer = Answer(new() { MaxTokens = 5, Sampler = new Greedy(), LogitProcessors = [new DigitsOnly(fixture.Model)] });
        Assert.All(answer, digit => Assert.InRange(digit, '0', '9'));
    }

    [Fact]
    public void Generate_CustomSamplerOutsideTheVocabulary_IsRefused()
    {
        var error = Assert.Throws<SamplingException>(() => Answer(new() { Sampler = new Fixed(-1) }));
        Assert.Equal($"the custom sampler chose token -1; expected 0 to {fixture.Model.VocabularySize - 1}", error.Message);
    }

    [Theory]
    [InlineData(float.NaN, "a logit processor set NaN as the logit of token 7: expected a number")]
    [InlineData(float.PositiveInfinity, "a logit processor set Infinity as the logit of token 7: expected a number")]
    [InlineData(float.NegativeInfinity, "no token is left to choose")]
    public void Generate_ProcessorThatGivesNoNumber_IsRefused(float logit, string message)
    {
        var error = Assert.Throws<SamplingException>(() => Answer(new() { LogitProcessors = [new Setting(logit)] }));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private string Answer(GenerationOptions options)
    {
        using ModelSession session = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        return string.Concat(session.Generate(Question, options));
    }

    private sealed class DigitsOnly(LanguageModel model) : ILogitProcessor
    {
        private readonly bool[] _allowed = [.. Enumerable.Range(0, model.VocabularySize).Select(
            id => model.Tokenizer.GetPieceBytes(id) is [>= (byte)'0' and <= (byte)'9'])];

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            for (int id = 0; id < logits.Length; id++)
            {
                logits[id] = _allowed[id] ? logits[id] : float.NegativeInfinity;
            }
        }
    }

    private sealed class Recorder : ILogitProcessor
    {
        public List<int[]> Seen { get; } = [];

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits) => Seen.Add(tokens.ToArray());
    }

    private sealed class Setting(float value) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            if (float.IsNegativeInfinity(value))
            {
                logits.Fill(value);
            }

            logits[7] = value;
        }
    }

    private sealed class Greedy : ISampler
    {
        public int Prompt { get; private set; }

        public int Accepted { get; private set; }

        public int Sample(ReadOnlySpan<float> logits) => TensorPrimitives.IndexOfMax(logits);

        public void Accept(int token) => Accepted++;

        public void Reset(ReadOnlySpan<int> tokens) => Prompt = tokens.Length;
    }

    private sealed class Fixed(int token) : ISampler
    {
        public int Sample(ReadOnlySpan<float> logits) => token;

        public void Accept(int token)
        {
        }

        public void Reset(ReadOnlySpan<int> tokens)
        {
        }
    }
}
