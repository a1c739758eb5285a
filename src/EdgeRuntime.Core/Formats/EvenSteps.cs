using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>The rounding of Q4_0, Q4_1, Q5_0 and Q5_1: evenly spaced numbers with one scale, and in Q4_1 and Q5_1 a minimum.</summary>
internal static class EvenSteps
{
    /// <summary>Computes d * (q - steps).</summary>
    public static void DequantizeCentered(ReadOnlySpan<byte> quants, int steps, ushort d, Span<float> x)
    {
        float scale = HalfBits.ToSingle(d);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (quants[k] - steps) * scale;
        }
    }

    /// <summary>Computes d * q + m.</summary>
    public static void DequantizeRange(ReadOnlySpan<byte> quants, ushort d, ushort m, Span<float> x)
    {
        float scale = HalfBits.ToSingle(d);
        float min = HalfBits.ToSingle(m);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (quants[k] * scale) + min;
        }
    }

    /// <summary>
    /// Quantizes to numbers in -steps..steps - 1 with the scale that maps the weight of largest magnitude to -steps, the longer end.
    /// </summary>
    /// <param name="x">The finite weights of a block.</param>
    /// <param name="steps">The largest magnitude of a number.</param>
    /// <param name="quants">Receives the numbers plus <paramref name="steps"/>.</param>
    /// <returns>d as float16.</returns>
    public static ushort QuantizeCentered(ReadOnlySpan<float> x, int steps, Span<byte> quants)
    {
        float d = Magnitudes.Greatest(x) / -steps;
        Round(x, least: 0, d == 0 ? 0 : 1 / d, steps + 0.5f, (2 * steps) - 1, quants);
        return HalfBits.FromSingle(d);
    }

    /// <summary>
    /// Quantizes with the scale and the minimum that map the smallest weight to quant 0 and the largest to quant <paramref name="max"/>.
    /// </summary>
    /// <param name="x">The finite weights of a block.</param>
    /// <param name="max">The largest quant.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <returns>d and m as float16.</returns>
    public static (ushort D, ushort M) QuantizeRange(ReadOnlySpan<float> x, int max, Span<byte> quants)
    {
        (float least, float greatest) = Magnitudes.Range(x);
        float d = (greatest - least) / max;
        Round(x, least, d == 0 ? 0 : 1 / d, 0.5f, max, quants);
        return (HalfBits.FromSingle(d), HalfBits.FromSingle(least));
    }

    /// <summary>Computes (x - least) * inverse + shift without its fraction, but at most max, for 32 weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ReadOnlySpan<float> x, float least, float inverse, float shift, int max, Span<byte> quants)
    {
        Vector256<short> lower = Vector256.NarrowWithSaturation(
            Round(x, least, inverse, shift, max), Round(x[8..], least, inverse, shift, max));
        Vector256<short> upper = Vector256.NarrowWithSaturation(
            Round(x[16..], least, inverse, shift, max), Round(x[24..], least, inverse, shift, max));
        Vector256.NarrowWithSaturation(lower, upper).AsByte().CopyTo(quants);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(ReadOnlySpan<float> x, float least, float inverse, float shift, int max)
    {
        Vector256<float> shifted = ((Vector256.Create(x) - Vector256.Create(least)) * inverse) + Vector256.Create(shift);
        return Vector256.Min(Vector256.ConvertToInt32(shifted), Vector256.Create(max));
    }
}
