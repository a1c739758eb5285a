using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>The rounding of TQ1_0, TQ2_0 and Q2_0: the scale is the largest magnitude of a block, so the numbers are -1, 0 and 1.</summary>
internal static class Ternary
{
    /// <summary>Divides by the largest magnitude and rounds to nearest, ties away from zero.</summary>
    /// <param name="x">The finite weights of a block.</param>
    /// <param name="quants">Receives 0, 1 and 2 for -1, 0 and 1.</param>
    /// <returns>The scale as float16.</returns>
    public static ushort Quantize(ReadOnlySpan<float> x, Span<byte> quants)
    {
        float greatest = Magnitudes.GreatestMagnitude(x);
        float inverse = float.IsFinite(1 / greatest) ? 1 / greatest : 0;
        for (int k = 0; k <= x.Length - Vector256<float>.Count; k += Vector256<float>.Count)
        {
            Vector256<float> number = Roundings.AwayFromZero(Vector256.Create(x[k..]) * inverse);
            Roundings.Store(Vector256.ConvertToInt32(number) + Vector256<int>.One, quants[k..]);
        }

        return HalfBits.FromSingle(greatest);
    }
}
