using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// Unsigned 8-bit floats with four exponent bits and three mantissa bits (UE4M3), from 2^-9 to 448: the scales of NVFP4.
/// Source: ggml-impl.h <c>ggml_ue4m3_to_fp32</c>, <c>ggml_fp32_to_ue4m3</c>.
/// </summary>
internal static class UnsignedFloat8
{
    private const int MantissaBits = 3;
    private const int ExponentBias = 7;
    private const int SingleMantissaBits = 23;
    private const int SingleExponentBias = 127;
    private const int MaxExponent = 15;
    private const byte Greatest = 0x7e;
    private const byte NaN = 0x7f;

    /// <summary>Converts to float32. NaN becomes 0, as in ggml. The top bit is ignored.</summary>
    public static float ToSingle(byte bits)
    {
        int exponent = (bits >> MantissaBits) & 15;
        int mantissa = bits & 7;
        return bits == NaN ? 0
            : exponent == 0 ? mantissa * MathF.ScaleB(1, 1 - ExponentBias - MantissaBits)
            : MathF.ScaleB(1 + (mantissa / 8f), exponent - ExponentBias);
    }

    /// <summary>Replaces NaN with 0 and clears the top bit. The value stays the same.</summary>
    public static byte WithoutNaN(byte bits) => bits == NaN ? (byte)0 : (byte)(bits & 0x7f);

    /// <summary>
    /// Rounds to the nearest value, ties up. Values that are not positive become 0; values that round to 256 or more become the largest
    /// finite value, as in ggml.
    /// </summary>
    public static byte FromSingle(float value)
    {
        if (!(value > 0))
        {
            return 0;
        }

        int bits = BitConverter.SingleToInt32Bits(value);
        int exponent = (bits >> SingleMantissaBits) - SingleExponentBias + ExponentBias;
        if (exponent <= 0)
        {
            return (byte)Math.Min((value / MathF.ScaleB(1, 1 - ExponentBias - MantissaBits)) + 0.5f, 7);
        }

        // Rounding up a full mantissa carries into the exponent.
        const int Dropped = SingleMantissaBits - MantissaBits;
        int rounded = ((bits + (1 << (Dropped - 1))) >> Dropped) - ((SingleExponentBias - ExponentBias) << MantissaBits);
        return rounded >= MaxExponent << MantissaBits ? Greatest : (byte)rounded;
    }
}
