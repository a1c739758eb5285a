using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public unsafe class FloatByteScalesTests
{
    private const int Values = 0x7f;

    [Fact]
    public void MiniFloatScales_EveryValue_IsKeptExactly()
    {
        byte* strip = stackalloc byte[MiniFloatScales.Bytes(2)];
        for (int value = 0; value < Values; value++)
        {
            float scale = PackAndRead((byte)value, strip);

            Assert.Equal(UnsignedFloat8.ToSingle((byte)value) / 2, scale);
        }
    }

    /// <summary>Processors of Intel take some 150 cycles to multiply a vector with a subnormal number.</summary>
    [Fact]
    public void MiniFloatScales_EveryValue_IsNormalOrZeroWhenLoaded()
    {
        byte* strip = stackalloc byte[MiniFloatScales.Bytes(2)];
        for (int value = 0; value < Values; value++)
        {
            PackAndRead((byte)value, strip);

            Assert.Equal(value == 0, strip[0] == 0);
            Assert.True(strip[0] == 0 || strip[0] >> 3 > 0, $"{value} has no bit of exponent, {strip[0]}");
        }
    }

    private static float PackAndRead(byte value, byte* strip)
    {
        BlockScales scales = default;
        scales.SubBlocks[0] = value;
        MiniFloatScales.Pack(in scales, strip, 0, 0);
        return MiniFloatScales.Scale(strip, 0, 0, 0, 0.5f);
    }
}
