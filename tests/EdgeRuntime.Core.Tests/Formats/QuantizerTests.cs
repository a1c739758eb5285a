using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>What quantizers promise for every format; <see cref="GoldenTests"/> compares their errors with ggml's.</summary>
public class QuantizerTests
{
    private const int Columns = 512;
    private const int Rows = 6;

    public static TheoryData<TensorType> Types() =>
        [.. TensorFormats.All.Where(format => format.CanQuantize).Select(format => format.Type)];

    [Fact]
    public void RequiresImportance_AllTypes_AsInGgml() => Assert.Equal(
        [TensorType.IQ2_XXS, TensorType.IQ2_XS, TensorType.IQ1_S],
        TensorFormats.All.Where(format => format.RequiresImportance).Select(format => format.Type).OrderBy(type => (uint)type));

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_RowByRow_SameAsTogether(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        float[] x = Weights(seed: 1);
        float[] importance = Importance(seed: 2);
        int rowBytes = (int)format.RowBytes(Columns);
        byte[] together = new byte[Rows * rowBytes];
        byte[] alone = new byte[together.Length];

        format.QuantizeRows(x, Columns, importance, together);
        for (int row = 0; row < Rows; row++)
        {
            format.QuantizeRows(x.AsSpan(row * Columns, Columns), Columns, importance, alone.AsSpan(row * rowBytes, rowBytes));
        }

        Assert.Equal(together, alone);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_ImportanceOfZeros_StillFitsTheWeights(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        float[] x = Weights(seed: 3);
        float[] importance = Importance(seed: 4);
        importance.AsSpan(0, 256).Clear();
        byte[] blocks = new byte[Rows * format.RowBytes(Columns)];
        float[] actual = new float[x.Length];

        format.QuantizeRows(x, Columns, importance, blocks);
        format.Dequantize(blocks, actual);

        // The first half of each row has no importance. Zeros would leave the whole of its squares.
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<float> expected = x.AsSpan(row * Columns, 256);
            Assert.InRange(SquaredError(expected, actual.AsSpan(row * Columns, 256)), 0, 0.99 * SquaredError(expected, new float[256]));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void QuantizeRows_Zeros_StayZeros(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        byte[] blocks = new byte[format.RowBytes(Columns)];
        float[] actual = [.. Enumerable.Repeat(1f, Columns)];

        format.QuantizeRows(new float[Columns], Columns, Importance(seed: 5), blocks);
        format.Dequantize(blocks, actual);

        Assert.All(actual, static weight => Assert.Equal(0, weight));
    }

    [Fact]
    public void QuantizeRows_WrongSizes_Refused()
    {
        TensorFormat format = TensorFormats.Get(TensorType.Q8_0);
        byte[] blocks = new byte[format.RowBytes(64)];

        Assert.Throws<ArgumentException>(() => format.QuantizeRows(new float[64], 48, importance: default, blocks));
        Assert.Throws<ArgumentException>(() => format.QuantizeRows(new float[64], 0, importance: default, blocks));
        Assert.Throws<ArgumentException>(() => format.QuantizeRows(new float[64], 64, new float[32], blocks));
        Assert.Throws<ArgumentException>(() => format.QuantizeRows(new float[64], 64, importance: default, blocks.AsSpan(1)));
    }

    // The definitions of the plain roundings, one weight at a time.
    [Theory]
    [InlineData(TensorType.Q4_0)]
    [InlineData(TensorType.Q5_0)]
    [InlineData(TensorType.Q4_1)]
    [InlineData(TensorType.Q5_1)]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.TQ2_0)]
    [InlineData(TensorType.MXFP4)]
    public void QuantizeRows_PlainRounding_SameAsItsScalarDefinition(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        foreach (float[] x in EdgeRows())
        {
            byte[] blocks = new byte[format.RowBytes(x.Length)];
            byte[] quants = new byte[format.BlockWeights];
            BlockScales scales = default;

            format.QuantizeRows(x, x.Length, importance: default, blocks);

            for (int b = 0; b < blocks.Length / format.BlockBytes; b++)
            {
                format.Decompose(blocks.AsSpan(b * format.BlockBytes, format.BlockBytes), quants, ref scales);
                Assert.Equal(Define(type, x.AsSpan(b * format.BlockWeights, format.BlockWeights)), quants);
            }
        }
    }

    [Fact]
    public void QuantizeRows_BF16_SameAsItsScalarDefinition()
    {
        float[] x = [.. Floats(), float.NaN, float.PositiveInfinity];
        ushort[] actual = new ushort[x.Length];

        TensorFormats.Get(TensorType.BF16).QuantizeRows(x, x.Length, importance: default, MemoryMarshal.AsBytes(actual.AsSpan()));

        for (int i = 0; i < x.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(x[i]);
            uint rounded = float.IsNaN(x[i]) ? bits | 0x400000 : bits + 0x7fff + ((bits >> 16) & 1);
            Assert.Equal((ushort)(rounded >> 16), actual[i]);
        }
    }

    [Fact]
    public void FromSingle_FloatsOfAllExponents_SameAsTheCast()
    {
        foreach (float value in Floats())
        {
            Assert.Equal(BitConverter.HalfToUInt16Bits((Half)value), HalfBits.FromSingle(value));
        }
    }

    private static byte[] Define(TensorType type, ReadOnlySpan<float> x)
    {
        float greatest = 0;
        foreach (float value in x)
        {
            greatest = MathF.Abs(value) > MathF.Abs(greatest) ? value : greatest;
        }

        float[] weights = x.ToArray();
        (float least, float most) = (weights.Min(), weights.Max());
        return type switch
        {
            TensorType.Q4_0 => Centered(weights, greatest / -8, 8),
            TensorType.Q5_0 => Centered(weights, greatest / -16, 16),
            TensorType.Q4_1 => FromLeast(weights, least, (most - least) / 15, 15),
            TensorType.Q5_1 => FromLeast(weights, least, (most - least) / 31, 31),
            TensorType.Q8_0 => AwayFromZero(weights, MathF.Abs(greatest) / 127, 128),
            TensorType.TQ2_0 => AwayFromZero(weights, MathF.Abs(greatest), 1),
            _ => NearestFloat4(weights, MathF.Abs(greatest)),
        };
    }

    private static byte[] Centered(float[] x, float d, int steps) =>
        [.. x.Select(value => (byte)Math.Min((2 * steps) - 1, (int)((value * Inverse(d)) + (steps + 0.5f))))];

    private static byte[] FromLeast(float[] x, float least, float d, int max) =>
        [.. x.Select(value => (byte)Math.Min(max, (int)(((value - least) * Inverse(d)) + 0.5f)))];

    private static byte[] AwayFromZero(float[] x, float d, int offset) =>
        [.. x.Select(value => (byte)(MathF.Round(value * Inverse(d), MidpointRounding.AwayFromZero) + offset))];

    private static byte[] NearestFloat4(float[] x, float greatest)
    {
        float d = greatest > 0 ? MathF.ScaleB(1, Math.Max((int)MathF.Floor(MathF.Log2(greatest)) - 2, -127) - 1) : MathF.ScaleB(1, -128);
        return [.. x.Select(value => (byte)Enumerable.Range(0, 16).MinBy(i => MathF.Abs((Float4.Values[i] * d) - value)))];
    }

    private static float Inverse(float d) => d == 0 ? 0 : 1 / d;

    /// <summary>Rows of 256 weights: usual ones, ties, zeros, one outlier, tiny and large ones.</summary>
    private static IEnumerable<float[]> EdgeRows()
    {
        float[] usual = Weights(seed: 6)[..256];
        yield return usual;
        yield return [.. usual.Select(static value => MathF.Round(value * 4) / 4)];
        yield return [.. usual.Select(static (value, i) => i % 32 == 7 ? -1000 : value)];
        yield return [.. usual.Select(static (value, i) => i / 32 % 2 == 0 ? 0 : -0f)];
        yield return [.. usual.Select(static value => value * 1e-6f)];
        yield return [.. usual.Select(static value => value * 1e30f)];
        yield return [.. Enumerable.Range(0, 256).Select(static i => (i % 2 == 0 ? 1f : -1f) * (i % 32 / 2))];
    }

    /// <summary>Floats of all exponents, around the middles between numbers of fewer bits, with both signs.</summary>
    private static IEnumerable<float> Floats()
    {
        for (uint exponent = 0; exponent < 255; exponent++)
        {
            for (uint mantissa = 0; mantissa < 1 << 23; mantissa += 0x7ff9)
            {
                uint bits = (exponent << 23) | (mantissa & 0x7fe000) | (mantissa % 3 * 0x800) | (mantissa % 2 * 0x7ff);
                yield return BitConverter.UInt32BitsToSingle(bits);
                yield return BitConverter.UInt32BitsToSingle(bits | 0x80000000);
            }
        }
    }

    private static float[] Weights(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Rows * Columns).Select(_ => (random.NextSingle() + random.NextSingle() - 1) / 10)];
    }

    private static float[] Importance(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Columns).Select(_ => MathF.Exp(3 * random.NextSingle()))];
    }

    private static double SquaredError(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            sum += ((double)expected[i] - actual[i]) * ((double)expected[i] - actual[i]);
        }

        return sum;
    }
}
