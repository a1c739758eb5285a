using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Computes exp and log for probabilities. <see cref="Math.Exp"/> calls the C library of the platform, whose last bits differ between
/// systems. These functions use only IEEE additions, multiplications and divisions in a fixed order (.NET never fuses them on its own), so
/// a seed gives the same tokens everywhere.
/// </summary>
internal static class DeterministicMath
{
    // ln 2 in two parts. The upper part has so few bits that its product with an exponent is exact.
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double Log2E = 1.4426950408889634;

    // Adding this constant puts the nearest integer into the low bits of a double.
    private const double RoundingMagic = 6755399441055744.0;

    // Below this exponent the result would be subnormal and becomes zero.
    private const double MinExponent = -708;

    /// <summary>Computes e^x for x at most 0. The relative error is below 1e-15; the result is 0 below -708.</summary>
    public static double Exp(double x) => Exp(Vector512.Create(x)).ToScalar();

    /// <summary>Computes e^x for eight values of at most 0.</summary>
    /// <remarks>A Taylor series up to r^13 / 13! (error 4e-18 on [-ln2 / 2, ln2 / 2]), scaled by a power of two.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        Vector512<double> rounded = x * Log2E + Vector512.Create(RoundingMagic);
        Vector512<double> n = rounded - Vector512.Create(RoundingMagic);
        Vector512<double> r = x - n * Ln2High - n * Ln2Low;
        Vector512<double> sum = Vector512.Create(1.0 / 6227020800);
        sum = sum * r + Vector512.Create(1.0 / 479001600);
        sum = sum * r + Vector512.Create(1.0 / 39916800);
        sum = sum * r + Vector512.Create(1.0 / 3628800);
        sum = sum * r + Vector512.Create(1.0 / 362880);
        sum = sum * r + Vector512.Create(1.0 / 40320);
        sum = sum * r + Vector512.Create(1.0 / 5040);
        sum = sum * r + Vector512.Create(1.0 / 720);
        sum = sum * r + Vector512.Create(1.0 / 120);
        sum = sum * r + Vector512.Create(1.0 / 24);
        sum = sum * r + Vector512.Create(1.0 / 6);
        sum = sum * r + Vector512.Create(1.0 / 2);
        sum = sum * r * r + r + Vector512<double>.One;
        Vector512<double> power = Vector512.ShiftLeft(rounded.AsInt64() + Vector512.Create(1023L), 52).AsDouble();
        Vector512<double> inRange = Vector512.GreaterThanOrEqual(x, Vector512.Create(MinExponent));
        return Vector512.ConditionalSelect(inRange, sum * power, Vector512<double>.Zero);
    }

    /// <summary>Computes the natural logarithm of a positive, normal, finite number. The relative error is below 1e-15.</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }

        // log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...), with |s| at most 0.172.
        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = 1.0 / 23;
        for (int odd = 21; odd >= 1; odd -= 2)
        {
            sum = sum * square + 1.0 / odd;
        }

        return exponent * Ln2High + (2 * s * sum + exponent * Ln2Low);
    }
}
