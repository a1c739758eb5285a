using System;
using System.Linq;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>What holds for the quantizers of all types with grids.</summary>
public class GridQuantizerTests
{
    private const int Columns = 512;

    public static TheoryData<TensorType> Types() =>
    [
        TensorType.IQ1_S, TensorType.IQ1_M, TensorType.IQ2_XXS, TensorType.IQ2_XS, TensorType.IQ2_S, TensorType.IQ3_XXS, TensorType.IQ3_S,
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_ZerosAndGroupsOfZeros_StayZerosAndFinite(TensorType type)
    {
        float[] x = Weights(1);
        Array.Clear(x, 128, 200);

        Assert.All(RoundTrip(type, new float[Columns], Importance()), weight => Assert.Equal(0, weight));
        Assert.All(RoundTrip(type, x, Importance()), weight => Assert.True(float.IsFinite(weight)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_HugeAndTinyMagnitudes_StayFinite(TensorType type)
    {
        foreach (float magnitude in new[] { 1e-44f, 1e-38f, 1e-20f, 1e-8f, 1e-5f, 1e5f, 1e9f, 1e20f, 1e37f })
        {
            float[] x = Weights(magnitude);
            x[300] = 1;

            Assert.All(RoundTrip(type, x, Importance()), weight => Assert.True(float.IsFinite(weight)));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_WeightsTimesAPowerOfTwo_GiveTheResultTimesIt(TensorType type)
    {
        float[] expected = RoundTrip(type, Weights(1), Importance());

        float[] actual = RoundTrip(type, Weights(0.125f), Importance());

        Assert.Equal(expected.Select(weight => weight / 8), actual);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_ImportanceOfAnyMagnitude_GivesTheSameWeights(TensorType type)
    {
        float[] expected = RoundTrip(type, Weights(1), Importance());

        foreach (float factor in new[] { MathF.ScaleB(1, -60), MathF.ScaleB(1, 60) })
        {
            Assert.Equal(expected, RoundTrip(type, Weights(1), [.. Importance().Select(value => value * factor)]));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_WeightsThatTheTypeRepresents_NearlyComeBack(TensorType type)
    {
        float[] x = RoundTrip(type, Weights(1), Importance());

        float[] actual = RoundTrip(type, x, Importance());

        // The search tries some scales; it can miss the one that represents a group exactly.
        double error = x.Zip(actual, (expected, weight) => Math.Pow(expected - weight, 2)).Sum();
        Assert.InRange(Math.Sqrt(error / x.Sum(weight => (double)weight * weight)), 0, 0.1);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_ImportantColumns_LoseLess(TensorType type)
    {
        float[] x = Weights(1);
        float[] importance = [.. Enumerable.Range(0, Columns).Select(column => column % 4 == 0 ? 100f : 1)];
        float[] ones = [.. Enumerable.Repeat(1f, Columns)];

        double weighted = Error(RoundTrip(type, x, importance));
        double plain = Error(RoundTrip(type, x, ones));

        Assert.InRange(weighted, 0, 0.8 * plain);

        double Error(float[] y) => Enumerable.Range(0, Columns).Sum(i => importance[i] * Math.Pow(x[i] - y[i], 2));
    }

    private static float[] RoundTrip(TensorType type, float[] x, float[] importance)
    {
        TensorFormat format = TensorFormats.Get(type);
        byte[] blocks = new byte[format.RowBytes(x.Length)];
        format.QuantizeRows(x, x.Length, importance, blocks);
        float[] weights = new float[x.Length];
        format.Dequantize(blocks, weights);
        return weights;
    }

    private static float[] Weights(float magnitude)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, Columns).Select(_ => magnitude * (random.NextSingle() + random.NextSingle() - random.NextSingle()))];
    }

    private static float[] Importance()
    {
        Random random = new(8);
        return [.. Enumerable.Range(0, Columns).Select(_ => 0.1f + random.NextSingle())];
    }
}
