using System;
using System.Linq;
using EdgeRuntime.Modules;
using Xunit;

namespace EdgeRuntime.Tests.Modules;

/// <summary>The choice of experts, compared with its plain definition.</summary>
public sealed class ExpertRouterTests
{
    private const int Count = 24;
    private const int Used = 5;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Choose_OfManyExperts_TakesTheBestWithTheirWeights(int gating)
    {
        var spec = new ExpertSpec
        {
            Count = Count,
            Used = Used,
            Width = 1,
            Gating = (ExpertGating)gating,
            Normalizes = false,
            Scale = 2.5f,
        };
        for (int seed = 0; seed < 20; seed++)
        {
            float[] scores = Numbers(seed);
            (int[] experts, float[] weights) = Choose(spec, scores, bias: null);
            int[] expected = [.. Enumerable.Range(0, Count).OrderByDescending(i => scores[i]).Take(Used)];
            Assert.Equal(expected, experts);
            double[] all = Probabilities(spec.Gating, scores);
            double[] chosen = gating == 3 ? Softmax([.. expected.Select(i => (double)scores[i])]) : [.. expected.Select(i => all[i])];
            AssertClose([.. chosen.Select(weight => weight * 2.5)], weights);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Choose_WithBias_ChoosesByTheSumAndWeighsWithoutBias(int gating)
    {
        var spec = new ExpertSpec { Count = Count, Used = Used, Width = 1, Gating = (ExpertGating)gating };
        for (int seed = 0; seed < 20; seed++)
        {
            float[] scores = Numbers(seed);
            float[] bias = Numbers(seed + 100);
            (int[] experts, float[] weights) = Choose(spec, scores, bias);
            double[] all = Probabilities(spec.Gating, scores);
            int[] expected = [.. Enumerable.Range(0, Count).OrderByDescending(i => all[i] + bias[i]).Take(Used)];
            Assert.Equal(expected, experts);
            double sum = expected.Sum(i => all[i]);
            AssertClose([.. expected.Select(i => all[i] / sum)], weights);
        }
    }

    [Fact]
    public void Choose_WithGroups_StaysInTheGroupsWhoseTwoBestSumHighest()
    {
        const int Groups = 6;
        const int Size = Count / Groups;
        var spec = new ExpertSpec
        {
            Count = Count,
            Used = Used,
            Width = 1,
            Gating = ExpertGating.Sigmoid,
            Groups = Groups,
            GroupsUsed = 2,
        };
        for (int seed = 0; seed < 20; seed++)
        {
            float[] scores = Numbers(seed);
            double[] all = Probabilities(spec.Gating, scores);
            int[] stay = [.. Enumerable.Range(0, Groups)
                .OrderByDescending(group => all.Skip(group * Size).Take(Size).OrderDescending().Take(2).Sum())
                .Take(2)];
            int[] expected = [.. Enumerable.Range(0, Count)
                .Where(i => stay.Contains(i / Size))
                .OrderByDescending(i => all[i])
                .Take(Used)];
            Assert.Equal(expected, Choose(spec, scores, bias: null).Experts);
        }
    }

    [Fact]
    public void Choose_ByScores_IgnoresSaturatedProbabilities()
    {
        var spec = new ExpertSpec
        {
            Count = 3,
            Used = 1,
            Width = 1,
            Gating = ExpertGating.Sigmoid,
            ChoosesByScores = true,
            Normalizes = false,
        };
        (int[] experts, float[] weights) = Choose(spec, [90, 100, 95], bias: null);
        Assert.Equal([1], experts);
        Assert.Equal([1f], weights);
    }

    [Fact]
    public void Choose_WithSeveralScoresOfAnExpert_WeighsByTheScoreOfItsIndex()
    {
        var spec = new ExpertSpec { Count = 2, Used = 2, Width = 1, ChoosesByScores = true, ScoresOfExpert = 2, Normalizes = false };
        (int[] experts, float[] weights) = Choose(spec, [0, 1, 3, 2], bias: null);
        double[] all = Softmax([0, 1, 3, 2]);
        Assert.Equal([1, 1], experts);
        AssertClose([all[1], all[1]], weights);
    }

    private static float[] Numbers(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Count).Select(_ => (random.NextSingle() * 6) - 3)];
    }

    private static double[] Probabilities(ExpertGating gating, float[] scores) => gating switch
    {
        ExpertGating.Softmax => Softmax([.. scores.Select(score => (double)score)]),
        ExpertGating.Sigmoid => [.. scores.Select(score => 1 / (1 + Math.Exp(-score)))],
        ExpertGating.SqrtSoftplus => [.. scores.Select(score => Math.Sqrt(Math.Log(1 + Math.Exp(score))))],
        _ => [.. scores.Select(score => (double)score)],
    };

    private static double[] Softmax(double[] x)
    {
        double sum = x.Sum(Math.Exp);
        return [.. x.Select(value => Math.Exp(value) / sum)];
    }

    private static unsafe (int[] Experts, float[] Weights) Choose(ExpertSpec spec, float[] scores, float[]? bias)
    {
        float[] copy = [.. scores];
        float[] keys = new float[scores.Length];
        int[] experts = new int[spec.Used];
        float[] weights = new float[spec.Used];
        fixed (float* s = copy, b = bias, k = keys, w = weights)
        fixed (int* e = experts)
        {
            ExpertRouter.Choose(spec, s, b, k, e, w);
        }

        return (experts, weights);
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-5);
        }
    }
}
