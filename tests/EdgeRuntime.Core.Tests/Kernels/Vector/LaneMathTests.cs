using System;
using System.Linq;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Vector;

public sealed unsafe class LaneMathTests
{
    [Fact]
    public void Exp_WholeRange_IsWithinTheDocumentedError()
    {
        double worst = 0;
        for (double x = -87.3; x < 88; x += 0.00137)
        {
            float value = (float)x;
            double expected = Math.Exp(value);
            worst = Math.Max(worst, Math.Abs(LaneMath.Exp(value) - expected) / expected);
        }

        Assert.True(worst < 1.2e-7, $"relative error {worst:g4}");
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-87.34f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp_Special_IsExact(float x, float expected) => Assert.Equal(expected, LaneMath.Exp(x));

    [Theory]
    [InlineData(88.5f)]
    [InlineData(1e30f)]
    [InlineData(float.PositiveInfinity)]
    public void Exp_TooGreat_StaysFinite(float x) => Assert.Equal(Math.Exp(88), LaneMath.Exp(x), 1e32);

    [Fact]
    public void Exp_EveryWidth_GivesTheSameBits()
    {
        const int Count = 4096;
        float[] x = new float[Count];
        Random random = new(7);
        for (int i = 0; i < Count; i++)
        {
            x[i] = (float)((random.NextDouble() * 200) - 100);
        }

        x[5] = float.NegativeInfinity;
        float[] expected = Exp<LanesScalar>(x);
        Assert.Equal(expected, Exp<Lanes128>(x));
        Assert.Equal(expected, Exp<Lanes256>(x));
        Assert.Equal(expected, Exp<Lanes512>(x));
    }

    [Fact]
    public void Tanh_WholeRange_IsWithinTheDocumentedError()
    {
        double worst = 0;
        for (double x = -12; x < 12; x += 0.000137)
        {
            float value = (float)x;
            double expected = Math.Tanh(value);
            worst = Math.Max(worst, value == 0 ? 0 : Math.Abs((LaneMath.Tanh(value) - expected) / expected));
        }

        Assert.True(worst < 2e-7, $"relative error {worst:g4}");
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-30f, 1e-30f)]
    [InlineData(-100f, -1f)]
    [InlineData(1e30f, 1f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(float.NaN, float.NaN)]
    public void Tanh_Special_IsExact(float x, float expected) => Assert.Equal(expected, LaneMath.Tanh(x));

    [Fact]
    public void Tanh_EveryWidth_GivesTheSameBits()
    {
        float[] x = [.. Enumerable.Range(0, 4096).Select(i => (i - 2048) / 150f)];
        x[5] = float.NegativeInfinity;
        float[] expected = Array.ConvertAll(x, LaneMath.Tanh);
        Assert.Equal(expected, Tanh<Lanes128>(x));
        Assert.Equal(expected, Tanh<Lanes256>(x));
        Assert.Equal(expected, Tanh<Lanes512>(x));
    }

    [Fact]
    public void Reduce_SixteenSums_AddsHalves()
    {
        float* sums = stackalloc float[16];
        for (int i = 0; i < 16; i++)
        {
            sums[i] = i + 1;
        }

        Assert.Equal(136, LaneMath.Reduce(sums));
    }

    private static float[] Tanh<TLanes>(float[] x)
        where TLanes : struct, ILanes<TLanes>
    {
        float[] result = new float[x.Length];
        fixed (float* source = x, destination = result)
        {
            for (int i = 0; i < x.Length; i += TLanes.Count)
            {
                TLanes.Store(LaneMath.Tanh(TLanes.Load(source + i)), destination + i);
            }
        }

        return result;
    }

    private static float[] Exp<TLanes>(float[] x)
        where TLanes : struct, ILanes<TLanes>
    {
        float[] y = new float[x.Length];
        fixed (float* source = x, destination = y)
        {
            for (int i = 0; i < x.Length; i += TLanes.Count)
            {
                TLanes.Store(LaneMath.Exp(TLanes.Load(source + i)), destination + i);
            }
        }

        return y;
    }
}
