using System;
using System.Linq;
using System.Numerics;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

public sealed unsafe class HadamardTransformTests
{
    private const int Block = 64;

    /// <summary>Element i of a block is the sum over j of x[j] / 8, negative where i and j share an odd number of bits.</summary>
    [Fact]
    public void Apply_TwoBlocks_GivesTheDefinitionInEach()
    {
        float[] x = Numbers(2 * Block);
        float[] transformed = Transform(x);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Enumerable.Range(0, Block).Sum(j =>
            {
                bool isNegative = int.IsOddInteger(BitOperations.PopCount((uint)(i % Block & j)));
                return x[(i / Block * Block) + j] * (isNegative ? -0.125 : 0.125);
            });
            Assert.Equal(expected, transformed[i], 1e-5);
        }
    }

    [Fact]
    public void Apply_Twice_GivesTheElementsBack()
    {
        float[] x = Numbers(Block);
        float[] back = Transform(Transform(x));
        Assert.All(x.Zip(back), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void AppliesTo_OtherTypesAndLengths_IsFalse()
    {
        Assert.True(HadamardTransform.AppliesTo(TensorType.Q4_0, 128));
        Assert.False(HadamardTransform.AppliesTo(TensorType.Q4_0, 80));
        Assert.All(KvFormat.Types, type => Assert.Equal(type == TensorType.Q4_0, HadamardTransform.AppliesTo(type, Block)));
    }

    private static float[] Numbers(int count)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private static float[] Transform(float[] x)
    {
        float[] copy = [.. x];
        fixed (float* pointer = copy)
        {
            HadamardTransform.Apply(pointer, copy.Length);
        }

        return copy;
    }
}
