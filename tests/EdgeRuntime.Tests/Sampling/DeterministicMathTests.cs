using System;
using System.Runtime.Intrinsics;
using EdgeRuntime.Sampling;
using Xunit;

namespace EdgeRuntime.Tests.Sampling;

public sealed class DeterministicMathTests
{
    [Fact]
    public void Exp_NumbersUpToZero_IsExactToTheLastBits()
    {
        Random random = new(1);
        for (int i = 0; i < 100_000; i++)
        {
            double x = -Math.Pow(10, random.NextDouble() * 22 - 19.2);
            double expected = Math.Exp(Math.Max(x, -707));
            Assert.InRange(DeterministicMath.Exp(Math.Max(x, -707)) / expected, 1 - 1e-15, 1 + 1e-15);
        }

        Assert.Equal(1, DeterministicMath.Exp(0));
        Assert.Equal(0, DeterministicMath.Exp(-709));
        Assert.Equal(0, DeterministicMath.Exp(double.NegativeInfinity));
    }

    [Fact]
    public void Exp_Vector_EqualsTheScalarToTheBit()
    {
        Random random = new(2);
        Span<double> x = stackalloc double[8];
        for (int i = 0; i < 20_000; i++)
        {
            for (int lane = 0; lane < 8; lane++)
            {
                x[lane] = random.Next(50) == 0 ? double.NegativeInfinity : -800 * Math.Pow(random.NextDouble(), 4);
            }

            Vector512<double> result = DeterministicMath.Exp(Vector512.Create<double>(x));
            for (int lane = 0; lane < 8; lane++)
            {
                Assert.Equal(BitConverter.DoubleToInt64Bits(DeterministicMath.Exp(x[lane])), BitConverter.DoubleToInt64Bits(result[lane]));
            }
        }
    }

    [Theory]
    [InlineData(0.0, 0x3FF0000000000000)]
    [InlineData(-1.0, 0x3FD78B56362CEF38)]
    [InlineData(-0.1, 0x3FECF46D99D52B3A)]
    [InlineData(-20.5, 0x3E157A3AFEED00AC)]
    [InlineData(-300.25, 0x24DC758233102ACE)]
    public void Exp_KnownNumbers_HasTheSameBitsEverywhere(double x, long bits) =>
        Assert.Equal(bits, BitConverter.DoubleToInt64Bits(DeterministicMath.Exp(x)));

    [Fact]
    public void Log_PositiveNumbers_IsExactToTheLastBits()
    {
        Random random = new(3);
        for (int i = 0; i < 100_000; i++)
        {
            double x = Math.Pow(10, random.NextDouble() * 60 - 50);
            Assert.Equal(Math.Log(x), DeterministicMath.Log(x), 1e-15 * Math.Max(1, Math.Abs(Math.Log(x))));
        }

        Assert.Equal(0, DeterministicMath.Log(1));
    }
}
