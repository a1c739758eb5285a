using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Sampling;
using Xunit;

namespace EdgeRuntime.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0 };

    [Fact]
    public void Sample_RandomOptions_DrawsFromTheReferenceDistribution()
    {
        for (int seed = 0; seed < 1500; seed++)
        {
            Random random = new(seed);
            int vocabulary = seed % 50 == 0 ? 40_000 : random.Next(1, 600);
            float[] logits = Logits(random, vocabulary);
            GenerationOptions options = Options(random, vocabulary);
            int[] history = [.. Enumerable.Range(0, random.Next(200)).Select(_ => random.Next(Math.Min(vocabulary, 30)))];

            Sampler sampler = new(options, vocabulary, contextLength: 100);
            int prompt = random.Next(history.Length + 1);
            sampler.Reset(history.AsSpan(0, prompt));
            foreach (int token in history.AsSpan(prompt))
            {
                sampler.Accept(token);
            }

            Distribution actual = new();
            sampler.GetDistribution(logits, actual);
            Dictionary<int, double> expected = ReferenceSampler.Distribution(logits, options, history, 100);
            string where = string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {vocabulary} tokens, {options}");
            Assert.True(expected.Count == actual.Count, $"{where}: {actual.Count} tokens kept, expected {expected.Count}");
            for (int i = 0; i < actual.Count; i++)
            {
                double p = expected.GetValueOrDefault(actual.Ids[i], double.NaN);
                bool near = Math.Abs(p - actual.Probabilities[i]) < 1e-6;
                Assert.True(near, $"{where}: token {actual.Ids[i]} has {actual.Probabilities[i]}, expected {p}");
            }

            Assert.Contains(sampler.Sample(logits), expected.Keys);
        }
    }

    [Fact]
    public void Sample_ManyDraws_FollowTheProbabilities()
    {
        float[] logits = [1, 2, 3, 0, -1, 2.5f];
        Sampler sampler = new(new() { TopK = 0, TopP = 1, MinP = 0, Temperature = 1, Seed = 5 }, logits.Length, 10);
        Distribution distribution = new();
        sampler.GetDistribution(logits, distribution);
        int[] counts = new int[logits.Length];
        const int draws = 50_000;
        for (int i = 0; i < draws; i++)
        {
            counts[sampler.Sample(logits)]++;
        }

        for (int i = 0; i < logits.Length; i++)
        {
            double expected = draws * distribution.Of(i);
            Assert.InRange(counts[i], expected - 5 * Math.Sqrt(expected), expected + 5 * Math.Sqrt(expected));
        }
    }

    [Fact]
    public void Sample_SeedAndOptions_GivesTheSameTokensAsEver()
    {
        // Golden: whatever changes here changes what every user's seed gives.
        Random random = new(11);
        float[] logits = Logits(random, 1000);
        Sampler defaults = new(new() { Seed = 42 }, 1000, 100);
        Sampler wide = new(new() { Seed = 42, TopK = 0, TopP = 1, MinP = 0, Temperature = 1.5f }, 1000, 100);
        Sampler nucleus = new(new() { Seed = 42, TopK = 0, TopP = 0.9f, MinP = 0, TypicalP = 0.95f, Temperature = 1.2f }, 1000, 100);
        Assert.Equal(Golden.Defaults, Enumerable.Range(0, 12).Select(_ => defaults.Sample(logits)));
        Assert.Equal(Golden.Wide, Enumerable.Range(0, 12).Select(_ => wide.Sample(logits)));
        Assert.Equal(Golden.Nucleus, Enumerable.Range(0, 12).Select(_ => nucleus.Sample(logits)));
    }

    [Fact]
    public void Sample_Greedy_TakesTheBestAndOfEqualOnesTheLowestId()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            float[] logits = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => (float)random.Next(-5, 5))];
            int expected = Array.IndexOf(logits, logits.Max());
            Assert.Equal(expected, new Sampler(Greedy, logits.Length, 10).Sample(logits));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    public void Sample_NotANumberOrInfinity_IsRefusedByTokenAndValue(float temperature)
    {
        Sampler sampler = new(new() { Temperature = temperature }, 100, 10);
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity })
        {
            float[] logits = Logits(new Random(1), 100);
            logits[77] = bad;
            SamplingException e = Assert.Throws<SamplingException>(() => sampler.Sample(logits));
            Assert.Contains("token 77", e.Message, StringComparison.Ordinal);
        }

        Assert.Throws<SamplingException>(() => sampler.Sample(Enumerable.Repeat(float.NegativeInfinity, 100).ToArray()));
        Assert.Throws<ArgumentException>(() => sampler.Sample(new float[99]));
    }

    public static TheoryData<GenerationOptions> Overflowing() => new(
        new GenerationOptions { Temperature = 1e-44f },
        new GenerationOptions { Temperature = 1e-44f, TopK = 0, TopP = 1, MinP = 0 },
        new GenerationOptions { RepeatPenalty = 1e-44f },
        new GenerationOptions { RepeatPenalty = 1e38f, Temperature = 0 },
        new GenerationOptions { PresencePenalty = -3e38f, FrequencyPenalty = -3e38f, TypicalP = 0.5f },
        new GenerationOptions { LogitBias = new Dictionary<int, float> { [2] = float.MaxValue, [3] = float.MinValue }, Temperature = 0 },
        new GenerationOptions { LogitBias = new Dictionary<int, float> { [2] = float.MaxValue, [3] = float.MinValue } });

    [Theory]
    [MemberData(nameof(Overflowing))]
    public void Sample_FiniteLogitsWithEverySetting_NeverOverflow(GenerationOptions options)
    {
        Sampler sampler = new(options with { RepeatLastTokens = 8 }, 4, 10);
        foreach (float[] logits in
            (float[][])[[1, 2, 3, 4], [-1, -2, 3e38f, -3e38f], [3e38f, -3e38f, 3e38f, 0], [-3e38f, -3e38f, -3e38f, -3e38f], [0, 0, 0, 0]])
        {
            sampler.Reset([2, 2, 2, 1]);
            Distribution distribution = new();
            sampler.GetDistribution(logits, distribution);
            Assert.Equal(1, distribution.Probabilities.ToArray().Sum(), 1e-9);
            Assert.InRange(sampler.Sample(logits), 0, 3);
        }
    }

    [Fact]
    public void Sample_SmallestTemperature_IsGreedy()
    {
        Sampler sampler = new(new() { Temperature = 1e-44f, TopK = 0, TopP = 1, MinP = 0 }, 4, 10);
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(2, sampler.Sample([1, 2, 3, -4])));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Sample_BannedToken_NeverComes(float temperature)
    {
        float[] logits = [5, 9, 4, 3];
        GenerationOptions options = new()
        {
            Temperature = temperature,
            TopK = 0,
            TopP = 1,
            MinP = 0,
            LogitBias = new Dictionary<int, float> { [1] = float.NegativeInfinity },
        };
        Sampler sampler = new(options, 4, 10);
        Assert.DoesNotContain(1, Enumerable.Range(0, 500).Select(_ => sampler.Sample(logits)));
    }

    [Fact]
    public void Sample_EverySetting_AllocatesNothing()
    {
        const int vocabulary = 5000;
        float[] logits = Logits(new Random(3), vocabulary);
        GenerationOptions all = new()
        {
            TopK = 900,
            TypicalP = 0.99f,
            TopP = 0.98f,
            MinP = 0.001f,
            Temperature = 0.7f,
            RepeatPenalty = 1.1f,
            FrequencyPenalty = 0.1f,
            MinKeep = 3,
            LogitBias = new Dictionary<int, float> { [3] = 1 },
        };
        GenerationOptions[] settings =
        [
            Greedy, new(), all, all with { TopK = 0 }, all with { Temperature = 0 }, all with { LogitProcessors = [new Unchanged()] },
        ];
        foreach (GenerationOptions options in settings)
        {
            Sampler sampler = new(options, vocabulary, 1000);
            for (int i = 0; i < 3; i++)
            {
                sampler.Accept(sampler.Sample(logits));
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                sampler.Accept(sampler.Sample(logits));
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Constructor_BiasOfATokenOutsideTheVocabulary_IsRefused()
    {
        SamplingOptions options = new() { LogitBias = new Dictionary<int, float> { [10] = 1 } };
        Assert.Contains("token 10", Assert.Throws<ArgumentException>(() => new Sampler(options, 10, 10)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(1000)]
    public void TakeLogProbabilities_AnyToken_AreThoseOfADirectComputation(int top)
    {
        float[] logits = Logits(new Random(9), 1000);
        logits[17] = float.NegativeInfinity;
        Sampler sampler = new(new() { Temperature = 0.5f, Seed = 1, RepeatPenalty = 2 }, logits.Length, 10, null, top);
        double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        int[] best = [.. Enumerable.Range(0, logits.Length).Where(id => id != 17).OrderByDescending(id => logits[id]).Take(top)];
        int[] chosen = [.. Enumerable.Range(0, 3).Select(_ => Next())];
        foreach (int token in chosen)
        {
            TokenProbabilities actual = sampler.TakeLogProbabilities()!;
            Assert.Equal(logits[token] - logSum, actual.Chosen, 1e-5);
            Assert.Equal(best, actual.Top.Select(entry => entry.Id));
            Assert.All(actual.Top, entry => Assert.Equal(logits[entry.Id] - logSum, entry.LogProbability, 1e-5));
        }

        int Next()
        {
            int token = sampler.Sample(logits);
            sampler.Accept(token);
            return token;
        }
    }

    private sealed class Unchanged : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
        }
    }

    private static GenerationOptions Options(Random random, int vocabulary)
    {
        bool On() => random.Next(2) == 0;
        return new()
        {
            Temperature = random.Next(8) == 0 ? 0 : (float)(0.3 + random.NextDouble() * 1.5),
            TopK = On() ? random.Next(1, vocabulary + 10) : 0,
            TopP = On() ? (float)random.NextDouble() : 1,
            MinP = On() ? (float)(random.NextDouble() * 0.2) : 0,
            TypicalP = On() ? (float)random.NextDouble() : 1,
            MinKeep = On() ? random.Next(5) : 0,
            RepeatPenalty = On() ? (float)(0.5 + random.NextDouble()) : 1,
            PresencePenalty = On() ? (float)random.NextDouble() : 0,
            FrequencyPenalty = On() ? (float)random.NextDouble() : 0,
            RepeatLastTokens = random.Next(-1, 70),
            LogitBias = On() ? new Dictionary<int, float> { [random.Next(vocabulary)] = 3 } : new Dictionary<int, float>(),
            Seed = (ulong)random.NextInt64(),
        };
    }

    private static float[] Logits(Random random, int count)
    {
        double spread = Math.Pow(10, random.NextDouble() * 2 - 1);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(spread * Normal()))];

        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(random.NextDouble() * 6.2831853);
    }

    private static class Golden
    {
        public static readonly int[] Defaults = [203, 640, 905, 8, 870, 621, 836, 290, 891, 43, 905, 915];
        public static readonly int[] Wide = [83, 387, 700, 923, 989, 787, 742, 863, 782, 597, 703, 297];
        public static readonly int[] Nucleus = [835, 810, 515, 268, 331, 505, 511, 661, 694, 756, 514, 136];
    }
}
