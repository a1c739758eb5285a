using System;
using System.Linq;
using EdgeRuntime.Modules;
using Xunit;

namespace EdgeRuntime.Tests.Modules;

/// <summary>The scores of an indexer and its choice, against their definitions.</summary>
public sealed unsafe class KeyScoresTests
{
    private const int Keys = 16;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    [InlineData(300, 1)]
    [InlineData(300, 7)]
    [InlineData(300, 299)]
    public void Largest_OfScoresWithTies_TakesTheFirstOfEqualOnes(int count, int most)
    {
        var random = new Random(count + most);
        float[] scores = [.. Enumerable.Range(0, count).Select(_ => random.Next(-4, 5) * 0.25f)];
        int[] chosen = new int[most];
        KeyScores.Largest(scores, most, chosen);
        int[] expected = [.. Enumerable.Range(0, count).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(most).Order()];
        Assert.Equal(expected, chosen);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(4, 1)]
    [InlineData(7, 64)]
    public void OfPanel_OfAnyNumberOfHeads_SumsTheirPositiveProducts(int heads, int length)
    {
        var random = new Random(heads);
        float[] queries = Numbers(random, heads * length);
        float[] weights = Numbers(random, heads);
        float[] keys = Numbers(random, length * Keys);
        float[] scores = new float[Keys];
        fixed (float* q = queries, w = weights, k = keys, s = scores)
        {
            KeyScores.OfPanel(q, w, heads, k, length, s);
        }

        for (int key = 0; key < Keys; key++)
        {
            double expected = 0;
            for (int head = 0; head < heads; head++)
            {
                double product = 0;
                for (int i = 0; i < length; i++)
                {
                    product += (double)queries[(head * length) + i] * keys[(i * Keys) + key];
                }

                expected += weights[head] * Math.Max(0, product);
            }

            Assert.Equal(expected, scores[key], tolerance: 1e-4);
        }
    }

    private static float[] Numbers(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
