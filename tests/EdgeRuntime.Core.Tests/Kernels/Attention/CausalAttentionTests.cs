using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

public sealed class CausalAttentionTests
{
    // Greatest error, relative to the greatest value, against double precision over the same cached numbers: what float32
    // sums of some hundred terms leave, whatever the cache's type.
    private const double Tolerance = 2e-6;

    public static TheoryData<TensorType> Types => [TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0];

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

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Compute_AnyShapeAndType_IsNearDoublePrecision(int heads, int kvHeads, int keyLength, int valueLength, int positions)
    {
        foreach (TensorType type in Types.Select(row => row.Data))
        {
            using AttentionCase sequence = new(heads, kvHeads, keyLength, valueLength, positions, type, seed: 1);
            float[] output = sequence.Compute(sequence.Attention<LanesScalar>(), positions);
            foreach (int position in new[] { 0, positions / 2, positions - 1 }.Distinct())
            {
                double[] expected = sequence.Reference(position);
                double scale = expected.Max(Math.Abs);
                for (int i = 0; i < expected.Length; i++)
                {
                    double error = Math.Abs(output[(position * expected.Length) + i] - expected[i]) / scale;
                    Assert.True(error < Tolerance, $"{type}, position {position}, element {i}: error {error:g3}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Compute_EveryWidth_GivesTheSameBits(int heads, int kvHeads, int keyLength, int valueLength, int positions)
    {
        foreach (TensorType type in Types.Select(row => row.Data))
        {
            using AttentionCase sequence = new(heads, kvHeads, keyLength, valueLength, positions, type, seed: 2);
            float[] expected = sequence.Compute(sequence.Attention<LanesScalar>(), positions);
            // One token at a time, few rows read the cache as it lies; a whole batch reads expanded copies.
            foreach (int batch in positions < 100 ? new[] { positions, 1 } : [positions])
            {
                Assert.Equal(expected, sequence.Compute(sequence.Attention<LanesScalar>(), batch));
                Assert.Equal(expected, sequence.Compute(sequence.Attention<Lanes128>(), batch));
                if (LaneWidths.Contains(8))
                {
                    Assert.Equal(expected, sequence.Compute(sequence.Attention<Lanes256>(), batch));
                }

                if (LaneWidths.Contains(16))
                {
                    Assert.Equal(expected, sequence.Compute(sequence.Attention<Lanes512>(), batch));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Compute_AnyBatches_GivesTheSameBits(TensorType type)
    {
        using AttentionCase sequence = new(6, 2, 32, 32, 560, type, seed: 3);
        CausalAttention attention = Best(sequence);
        float[] whole = sequence.Compute(attention, sequence.Positions);
        Assert.Equal(whole, sequence.Compute(attention, 7, reverse: true));
        Assert.Equal(whole, sequence.Compute(attention, 250));
        Assert.Equal(whole, sequence.Compute(attention, 1));
    }

    [Fact]
    public void Compute_WideScores_StaysFinite()
    {
        using AttentionCase sequence = new(2, 1, 64, 64, 300, TensorType.F32, seed: 4, spread: 300);
        float[] output = sequence.Compute(Best(sequence), 300);
        double[] expected = sequence.Reference(299);
        for (int i = 0; i < expected.Length; i++)
        {
            // Scores of hundreds: their own rounding, about 300 * 2^-24, is what shows.
            Assert.Equal(expected[i], output[(299 * expected.Length) + i], 2e-3);
        }
    }

    [Fact]
    public void Compute_LaterPositions_AreNotSeen()
    {
        using AttentionCase longer = new(2, 1, 32, 32, 300, TensorType.F16, seed: 5);
        CausalAttention attention = Best(longer);
        float[] alone = new float[300 * 2 * 32];
        longer.Compute(attention, 40, 1, alone);
        float[] whole = longer.Compute(attention, 300);
        Assert.Equal(whole.AsSpan(40 * 64, 64), alone.AsSpan(40 * 64, 64));
    }

    [Fact]
    public void Items_FewTokensFarIn_AreChunks()
    {
        CausalAttention attention = CausalAttention.Create<LanesScalar>(9, 3, 64, 64, 1, TensorType.F16);
        Assert.Equal(3, attention.Items(0, 1));
        Assert.Equal(0, attention.MergeItems(0, 1));
        Assert.Equal(3 * 8, attention.Items(2047, 1));
        Assert.Equal(9, attention.MergeItems(2047, 1));
        Assert.Equal(0, attention.MergeItems(0, 512));
    }

    [Fact]
    public void Create_HeadsThatDoNotShareOut_IsRefused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            InstructionSet.Default.CreateAttention(9, 2, 64, 64, 1, TensorType.F16));
        Assert.Contains("9 query heads", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => InstructionSet.Default.CreateAttention(2, 2, 64, 64, 1, TensorType.Q4_K));
    }

    private static CausalAttention Best(AttentionCase sequence) => LaneWidths.All[0] switch
    {
        16 => sequence.Attention<Lanes512>(),
        8 => sequence.Attention<Lanes256>(),
        _ => sequence.Attention<Lanes128>(),
    };
}
