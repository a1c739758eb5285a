using System;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Vector;

public sealed unsafe class HalfConvertTests
{
    [Fact]
    public void LoadHalf_EveryFiniteHalf_IsExactWithEveryWidth()
    {
        ushort[] halves = new ushort[65536];
        for (int i = 0; i < halves.Length; i++)
        {
            halves[i] = Half.IsFinite(BitConverter.UInt16BitsToHalf((ushort)i)) ? (ushort)i : (ushort)0;
        }

        float[] expected = Array.ConvertAll(halves, half => (float)BitConverter.UInt16BitsToHalf(half));
        Assert.Equal(expected, Load<LanesScalar>(halves));
        Assert.Equal(expected, Load<Lanes128>(halves));
        Assert.Equal(expected, Load<Lanes256>(halves));
        Assert.Equal(expected, Load<Lanes512>(halves));
    }

    [Fact]
    public void ToHalf_RandomBits_RoundsAsTheFrameworkAndSaturates()
    {
        Random random = new(11);
        float[] x = new float[20_003];
        for (int i = 0; i < x.Length; i++)
        {
            // All exponents, with those of halves and exact ties often.
            int bits = (i % 4) switch
            {
                0 => random.Next() << 1,
                1 => (random.Next(96, 144) << 23) | random.Next(1 << 23),
                2 => (random.Next(96, 144) << 23) | (random.Next(1 << 11) << 12),
                _ => unchecked((int)0x80000000) | (random.Next(96, 144) << 23) | random.Next(1 << 23),
            };
            x[i] = BitConverter.Int32BitsToSingle(bits);
        }

        ushort[] halves = new ushort[x.Length];
        fixed (float* source = x)
        fixed (ushort* destination = halves)
        {
            HalfElement.Store(source, (byte*)destination, x.Length);
        }

        for (int i = 0; i < x.Length; i++)
        {
            if (float.IsNaN(x[i]))
            {
                continue;
            }

            Half expected = (Half)Math.Clamp(x[i], -65504f, 65504f);
            Assert.True(BitConverter.HalfToUInt16Bits(expected) == halves[i], $"{x[i]:r} gave {halves[i]:x4}");
        }
    }

    [Theory]
    [InlineData(1f, 0x3f80)]
    [InlineData(1.00390625f, 0x3f80)] // tie, to even
    [InlineData(1.01171875f, 0x3f82)] // tie, to even
    [InlineData(-3.4e38f, 0xff80)]
    [InlineData(1e-40f, 0x0001)]
    [InlineData(float.PositiveInfinity, 0x7f80)]
    public void ToBFloat16_Value_RoundsToNearestEven(float x, int expected)
    {
        float* source = stackalloc float[5];
        ushort* destination = stackalloc ushort[5];
        new Span<float>(source, 5).Fill(x);
        BFloat16Element.Store(source, (byte*)destination, 5);
        Assert.Equal(expected, destination[0]);
        Assert.Equal(expected, destination[4]);
    }

    [Fact]
    public void ToBFloat16_NaN_StaysNaN()
    {
        float x = BitConverter.Int32BitsToSingle(0x7f800001);
        ushort converted;
        BFloat16Element.Store(&x, (byte*)&converted, 1);
        Assert.True(float.IsNaN(BitConverter.Int32BitsToSingle(converted << 16)));
    }

    private static float[] Load<TLanes>(ushort[] halves)
        where TLanes : struct, ILanes<TLanes>
    {
        float[] y = new float[halves.Length];
        fixed (ushort* source = halves)
        fixed (float* destination = y)
        {
            for (int i = 0; i < halves.Length; i += TLanes.Count)
            {
                TLanes.Store(TLanes.LoadHalf(source + i), destination + i);
            }
        }

        return y;
    }
}
