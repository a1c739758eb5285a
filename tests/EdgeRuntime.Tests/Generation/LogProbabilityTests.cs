using System;
using System.Linq;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Log probabilities of generated tokens, compared with a direct computation from the logits of the model.</summary>
public sealed class LogProbabilityTests(SmolLmFixture fixture) : IClassFixture<SmolLmFixture>
{
    private const string Question = "Repeat after me: one two three, one two three, one two three.";

    [Theory]
    [InlineData(0, false)]
    [InlineData(5, false)]
    [InlineData(5, true)]
    public void Generate_LogProbabilities_AreThoseOfTheUnchangedLogits(int top, bool drafts)
    {
        GenerationOptions options = new()
        {
            MaxTokens = 12,
            Temperature = 0.7f,
            RepeatPenalty = 1.2f,
            Seed = 4,
            NgramDraft = drafts,
            LogProbabilities = top,
        };
        using ModelSession session = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        GenerationStream stream = session.Generate(Question, options);
        GeneratedToken[] answer = [.. stream];
        int[] prompt = session.Tokens[..stream.Result!.Usage.PromptTokens].ToArray();
        using ModelSession other = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        float[] logits = other.Forward(prompt).ToArray();
        foreach (GeneratedToken token in answer)
        {
            double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            Assert.Equal(logits[token.Id] - logSum, token.LogProbability!.Value, 1e-4);
            int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(top)];
            Assert.Equal(best, token.TopLogProbabilities.Select(entry => entry.Id));
            Assert.All(token.TopLogProbabilities, entry => Assert.Equal(logits[entry.Id] - logSum, entry.LogProbability, 1e-4));
            logits = other.Forward([token.Id]).ToArray();
        }
    }

    [Fact]
    public void Generate_WithoutLogProbabilities_GivesNoneAndTheSameTokens()
    {
        GenerationOptions options = new() { MaxTokens = 12, Seed = 4 };
        GeneratedToken[] plain = Answer(options);
        GeneratedToken[] with = Answer(options with { LogProbabilities = 3 });
        Assert.Equal(plain.Select(token => token.Id), with.Select(token => token.Id));
        Assert.All(plain, token => Assert.Null(token.LogProbability));
        Assert.All(plain, token => Assert.Empty(token.TopLogProbabilities));
        Assert.All(with, token => Assert.InRange(token.LogProbability!.Value, float.MinValue, 0));
    }

    private GeneratedToken[] Answer(GenerationOptions options)
    {
        using ModelSession session = fixture.Model.CreateSession(new SessionOptions { ContextLength = 256 });
        return [.. session.Generate(Question, options)];
    }
}
