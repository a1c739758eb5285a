using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

public sealed class AttentionKernelTests
{
    // Greatest error, relative to the greatest value, against double precision over the same cached numbers: what float32
    // sums of some hundred terms leave, whatever the cache's type.
    private const double Tolerance = 2e-6;

    public static TheoryData<TensorType> Types => [.. KvFormat.Types];

    // heads, KV heads, key length, value length, positions: odd sizes, one and many chunks, groups of 1, 3, 4, 7, 8.
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 1, 1, 64, 64, 1 },
        { 9, 3, 64, 64, 70 },
        { 4, 1, 32, 48, 270 },
        { 2, 2, 13, 5, 35 },
        { 7, 1, 80, 96, 37 },
        { 8, 1, 40, 128, 19 },
        { 3, 1, 128, 16, 530 },
    };

    public static TheoryData<TensorType, TensorType> Pairs
    {
        get
        {
            TheoryData<TensorType, TensorType> pairs = [];
            foreach (TensorType keys in KvFormat.Types)
            {
                foreach (TensorType values in KvFormat.Types)
                {
                    pairs.Add(keys, values);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Compute_AnyShapeAndType_IsTheDefinition(int heads, int kvHeads, int keyLength, int valueLength, int positions)
    {
        foreach (TensorType type in KvFormat.Types)
        {
            AttentionShape shape = AttentionCase.Plain(heads, kvHeads, keyLength, valueLength);
            using AttentionCase sequence = new(shape, positions, type, type, seed: 1);
            AssertDefined(sequence, batches: [positions, 1]);
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Compute_KeysAndValuesOfTwoTypes_IsTheDefinition(TensorType keyType, TensorType valueType)
    {
        using AttentionCase small = new(AttentionCase.Plain(2, 2, 13, 5), 35, keyType, valueType, seed: 2);
        AssertDefined(small, batches: [35, 1]);
        using AttentionCase large = new(AttentionCase.Plain(4, 2, 48, 64), 300, keyType, valueType, seed: 3);
        AssertDefined(large, batches: [300, 50]);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Compute_AnyBatches_GivesTheSameBits(TensorType type)
    {
        using AttentionCase sequence = new(AttentionCase.Plain(6, 2, 32, 32), 560, type, type, seed: 3);
        AttentionKernel kernel = sequence.Kernel();
        float[] whole = sequence.Compute(kernel, sequence.Positions);
        Assert.Equal(whole, sequence.Compute(kernel, 7, reverse: true));
        Assert.Equal(whole, sequence.Compute(kernel, 250));
        Assert.Equal(whole, sequence.Compute(kernel, 1));
    }

    [Fact]
    public void Compute_WideScores_StaysFinite()
    {
        using AttentionCase sequence = new(AttentionCase.Plain(2, 1, 64, 64), 300, TensorType.F32, TensorType.F32, seed: 4, spread: 300);
        float[] output = sequence.Compute(sequence.Kernel(), 300);
        double[] expected = [.. sequence.DefineInDouble(299, 0, 300), .. sequence.DefineInDouble(299, 1, 300)];
        for (int i = 0; i < expected.Length; i++)
        {
            // Scores of hundreds: their own rounding, about 300 * 2^-24, is what shows.
            Assert.Equal(expected[i], output[(299 * expected.Length) + i], 2e-3);
        }
    }

    [Fact]
    public void Compute_LaterPositions_AreNotSeen()
    {
        using AttentionCase longer = new(AttentionCase.Plain(2, 1, 32, 32), 300, TensorType.F16, TensorType.F16, seed: 5);
        AttentionKernel kernel = longer.Kernel();
        float[] alone = new float[300 * 2 * 32];
        longer.Compute(kernel, 40, 1, alone);
        float[] whole = longer.Compute(kernel, 300);
        Assert.Equal(whole.AsSpan(40 * 64, 64), alone.AsSpan(40 * 64, 64));
    }

    [Fact]
    public void Items_FewTokensFarIn_AreChunks()
    {
        AttentionKernel kernel = AttentionKernel.Create<LanesScalar>(AttentionCase.Plain(9, 3, 64, 64), TensorType.F16, TensorType.F16);
        Assert.Equal(3, kernel.Items(0, 1));
        Assert.Equal(0, kernel.MergeItems(0, 1));
        Assert.Equal(3 * 8, kernel.Items(2047, 1));
        Assert.Equal(9, kernel.MergeItems(2047, 1));
        Assert.Equal(0, kernel.MergeItems(0, 512));
    }

    [Fact]
    public void Items_WindowFarIn_AreTheWindowsChunks()
    {
        AttentionShape shape = AttentionCase.Plain(9, 3, 64, 64) with { Window = 512 };
        AttentionKernel kernel = AttentionKernel.Create<LanesScalar>(shape, TensorType.F16, TensorType.F16);
        Assert.Equal(3 * 3, kernel.Items(100_000, 1));
        Assert.Equal(3 * 2, kernel.Items(102_399, 1)); // the window is two whole chunks
        Assert.True(kernel.PartialBytes(100_000, 32) <= kernel.MostPartialBytes(200_000, 1, 512));
    }

    [Fact]
    public void Create_SizesThatDoNotFit_AreRefused()
    {
        AttentionShape shape = AttentionCase.Plain(9, 3, 64, 64);
        AssertRefused(shape with { KvHeads = 2 }, "9 query heads");
        AssertRefused(shape with { Sinks = new float[3] }, "Sinks has 3");
        AssertRefused(shape with { AlibiSlopes = new float[8] }, "AlibiSlopes has 8");
        AssertRefused(shape with { Window = -1 }, "Window");
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            InstructionSet.Default.CreateAttention(shape, TensorType.F16, TensorType.Q4_K));
        Assert.Contains("Q4_K", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Every width gives the documented bits, in batches of any size, and is near double precision. All positions are compared
    /// between widths and batches, some with the definition.
    /// </summary>
    internal static void AssertDefined(AttentionCase sequence, params int[] batches)
    {
        foreach (int batch in batches)
        {
            float[] scalar = sequence.Compute(sequence.Kernel(1), batch);
            foreach (int lanes in LaneWidths.All)
            {
                Assert.Equal(scalar, sequence.Compute(sequence.Kernel(lanes), batch));
            }

            foreach (int position in Samples(sequence.Positions))
            {
                int end = int.Min(sequence.Positions, ((position / batch) + 1) * batch);
                for (int head = 0; head < sequence.Shape.Heads; head++)
                {
                    int start = (position * sequence.OutputWidth) + (head * sequence.Shape.ValueLength);
                    float[] output = scalar.AsSpan(start, sequence.Shape.ValueLength).ToArray();
                    Assert.Equal(sequence.Define(position, head, end), output);
                    AssertNear(sequence.DefineInDouble(position, head, end), output, $"position {position}, head {head}");
                }
            }
        }
    }

    private static IEnumerable<int> Samples(int positions) =>
        new[] { 0, 3, positions / 3, positions / 2, positions - 1 }.Where(position => position < positions).Distinct();

    private static void AssertNear(double[] expected, float[] output, string where)
    {
        double scale = Math.Max(0.1, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(output[i] - expected[i]) / scale;
            Assert.True(error < Tolerance, $"{where}, element {i}: error {error:g3}");
        }
    }

    private static void AssertRefused(AttentionShape shape, string message)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() =>
            InstructionSet.Default.CreateAttention(shape, TensorType.F16, TensorType.F16));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
