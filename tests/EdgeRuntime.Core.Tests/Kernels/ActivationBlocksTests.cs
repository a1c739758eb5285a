using System;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Scalar;
using EdgeRuntime.Kernels.X86;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public sealed unsafe class ActivationBlocksTests
{
    private const int Columns = 32 * 5;

    public static TheoryData<string> Inputs =>
        ["random", "zeros", "tiny", "huge", "ties", "one NaN", "one infinity", "negative", "subnormal"];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void QuantizeTile_AnyVectorType_EqualsScalarToTheBit(string input)
    {
        foreach (int tokens in (int[])[1, 3, 12])
        {
            float[] x = Make(input, tokens);
            byte[] expected = Quantize(&ActivationBlocks<ScalarBlock>.QuantizeTile, x, tokens);
            Assert.Equal(expected, Quantize(&ActivationBlocks<Vector128Block>.QuantizeTile, x, tokens));
            if (Avx512BW.IsSupported)
            {
                Assert.Equal(expected, Quantize(&ActivationBlocks<Vector512Block>.QuantizeTile, x, tokens));
            }
        }
    }

    [Fact]
    public void QuantizeTile_RandomRows_FollowTheFormula()
    {
        const int Tokens = 3;
        float[] x = Make("random", Tokens);
        byte[] tile = Quantize(&ActivationBlocks<ScalarBlock>.QuantizeTile, x, Tokens);
        for (int t = 0; t < Tokens; t++)
        {
            for (int b = 0; b < Columns / 32; b++)
            {
                ReadOnlySpan<byte> block = tile.AsSpan(b * 44 * Tokens, 44 * Tokens);
                ReadOnlySpan<float> row = x.AsSpan((t * Columns) + (32 * b), 32);
                float amax = 0;
                foreach (float value in row)
                {
                    amax = MathF.Max(amax, MathF.Abs(value));
                }

                int first = 0, last = 0;
                for (int k = 0; k < 32; k++)
                {
                    int q = (sbyte)block[(k / 4 * 4 * Tokens) + (4 * t) + (k % 4)];
                    Assert.Equal((int)MathF.Round(row[k] * (127f / amax)), q);
                    first += k < 16 ? q : 0;
                    last += k < 16 ? 0 : q;
                }

                float d = BitConverter.ToSingle(block[((32 * Tokens) + (4 * t))..]);
                Assert.Equal(amax / 127f, d);
                Assert.Equal(d * (first + last), BitConverter.ToSingle(block[((36 * Tokens) + (4 * t))..]));
                Assert.Equal(first, BitConverter.ToInt16(block[((40 * Tokens) + (4 * t))..]));
                Assert.Equal(last, BitConverter.ToInt16(block[((40 * Tokens) + (4 * t) + 2)..]));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void QuantizeTile_NotFinite_GivesThatBlockAloneAScaleOfNaN(float bad)
    {
        float[] x = new float[Columns];
        Array.Fill(x, 1f);
        x[40] = bad;
        byte[] tile = Quantize(&ActivationBlocks<ScalarBlock>.QuantizeTile, x, 1);
        Assert.Equal(1f / 127f, BitConverter.ToSingle(tile, 32));
        Assert.True(float.IsNaN(BitConverter.ToSingle(tile, 44 + 32)));
        Assert.True(float.IsNaN(BitConverter.ToSingle(tile, 44 + 36)));
        Assert.Equal(new byte[32], tile[44..76]);
    }

    private static float[] Make(string input, int tokens)
    {
        var random = new Random(7);
        float[] x = new float[tokens * Columns];
        for (int i = 0; i < x.Length; i++)
        {
            float value = (random.NextSingle() - 0.5f) * 8;
            x[i] = input switch
            {
                "zeros" => 0,
                "tiny" => value * 1e-36f,
                "huge" => value * 8e37f,
                "ties" => i % 32 == 0 ? 127 : random.Next(-127, 127) + 0.5f,
                "negative" => -MathF.Abs(value),
                "subnormal" => value * 1e-40f,
                "one NaN" when i % 50 == 3 => float.NaN,
                "one infinity" when i % 50 == 17 => float.NegativeInfinity,
                _ => value,
            };
        }

        return x;
    }

    private static byte[] Quantize(delegate*<float*, int, int, int, byte*, void> quantize, float[] x, int tokens)
    {
        byte[] tile = new byte[44 * tokens * (Columns / 32)];
        fixed (float* input = x)
        fixed (byte* output = tile)
        {
            quantize(input, Columns, tokens, Columns, output);
        }

        return tile;
    }
}
