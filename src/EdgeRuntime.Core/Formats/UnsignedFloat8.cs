using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// Floats of four bits of exponent and three of mantissa without a sign (UE4M3), the scales of NVFP4: 2^-9 to 448.
/// Source: ggml-impl.h <c>ggml_ue4m3_to_fp32</c>, <c>ggml_fp32_to_ue4m3</c>.
/// </summary>
internal static class UnsignedFloat8
{
    private const int MantissaBits = 3;
    private const int ExponentBias = 7;
    private const int SingleMantissaBits = 23;
    private const int SingleExponentBias = 127;
    private const int GreatestExponent = 15;
    private const byte Greatest = 0x7e;
    private const byte NaN = 0x7f;

    /// <summary>The value; 0 for NaN, as ggml has it. The highest bit counts as nothing.</summary>
    public static float ToSingle(byte bits)
    {
        int exponent = (bits >> MantissaBits) & 15;
        int mantissa = bits & 7;
        return bits == NaN ? 0
            : exponent == 0 ? mantissa * MathF.ScaleB(1, 1 - ExponentBias - MantissaBits)
            : MathF.ScaleB(1 + (mantissa / 8f), exponent - ExponentBias);
    }

    /// <summary>The bits of the same value, as they are without NaN and with a highest bit of 0.</summary>
    public static byte WithoutNaN(byte bits) => bits == NaN ? (byte)0 : (byte)(bits & 0x7f);

    /// <summary>
    /// The nearest, ties up. Values that are not positive become 0; those that round to 256 or more become the greatest, as ggml has it.
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

        // Adding half of the last place carries into the exponent where the mantissa is full.
        const int Dropped = SingleMantissaBits - MantissaBits;
        int rounded = ((bits + (1 << (Dropped - 1))) >> Dropped) - ((SingleExponentBias - ExponentBias) << MantissaBits);
        return rounded >= GreatestExponent << MantissaBits ? Greatest : (byte)rounded;
    }
}
