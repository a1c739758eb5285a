using System;
using System.Linq;
using EdgeRuntime.Sampling;
using Xunit;

namespace EdgeRuntime.Tests.Sampling;

public sealed class SelectionTests
{
    [Fact]
    public void Smallest_RandomSizes_EqualsASort()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            ulong[] keys = Keys(seed);
            ulong[] sorted = [.. keys.Order()];
            int count = new Random(seed).Next(1, keys.Length + 1);
            Selection.Smallest(keys, count);
            Assert.True(sorted[..count].SequenceEqual(keys[..count].Order()), $"seed {seed}");
            Assert.True(sorted[count - 1] == keys[count - 1], $"seed {seed}: the largest is not in its place");
        }
    }

    [Fact]
    public void SmallestWithMass_RandomWeights_EqualsARunningSumOverASort()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            ulong[] keys = Keys(seed);
            Random random = new(seed);
            double[] weights = [.. keys.Select(_ => (double)random.Next(1, 100))];
            double mass = random.Next(0, (int)weights.Sum() + 10);
            ulong[] sorted = [.. keys.Order()];
            double running = 0;
            int expected = 0;
            while (expected < sorted.Length && (expected == 0 || running < mass))
            {
                running += weights[(int)(uint)sorted[expected++]];
            }

            int count = Selection.SmallestWithMass(keys, weights, mass);
            Assert.True(expected == count, $"seed {seed}: {count}, expected {expected}");
            Assert.True(sorted[..count].SequenceEqual(keys[..count].Order()), $"seed {seed}");
        }
    }

    // Distinct keys with ids in the lower half: random, ascending, descending and organ-pipe order.
    private static ulong[] Keys(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, seed % 10 == 0 ? 5000 : 200);
        return
        [
            .. Enumerable.Range(0, length).Select(i => (seed % 4) switch
            {
                0 => ((ulong)random.Next(50) << 32) | (uint)i,
                1 => ((ulong)i << 32) | (uint)i,
                2 => ((ulong)(length - i) << 32) | (uint)i,
                _ => ((ulong)Math.Min(i, length - i) << 32) | (uint)i,
            }),
        ];
    }
}
