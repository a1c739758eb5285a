using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// The values of the 4-bit floats of MXFP4 and NVFP4 (E2M1: one sign bit, two exponent bits, one mantissa bit). They are doubled to be
/// integers; the scales of both types are halved in return.
/// Source: ggml-common.h <c>kvalues_fp4</c>.
/// </summary>
internal static class Float4
{
    public static ReadOnlySpan<sbyte> Values => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>The magnitudes halfway between neighbors, which belong to the lower one.</summary>
    private static ReadOnlySpan<float> Middles => [0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10];

    /// <summary>
    /// Finds the quants whose values times the scale are nearest to the weights; the smaller magnitude on a tie. The products of the
    /// scale and the middles are exact, because the scale of both types has at most four significant bits.
    /// </summary>
    /// <param name="x">Finite weights, a multiple of eight.</param>
    /// <param name="scale">The scale, not negative. All quants are 0 for a scale of 0.</param>
    /// <param name="quants">Receives the quants.</param>
    public static void Quantize(ReadOnlySpan<float> x, float scale, Span<byte> quants)
    {
        Vector256<int> hasScale = Vector256.Create(scale > 0 ? -1 : 0);
        for (int k = 0; k <= x.Length - Vector256<float>.Count; k += Vector256<float>.Count)
        {
            Vector256<float> weights = Vector256.Create(x[k..]);
            Vector256<float> magnitudes = Vector256.Abs(weights);
            Vector256<int> magnitude = default;
            foreach (float middle in Middles)
            {
                magnitude -= Vector256.GreaterThan(magnitudes, Vector256.Create(middle * scale)).AsInt32();
            }

            Vector256<int> isNegative = Vector256.GreaterThan(magnitude, default) & Vector256.LessThan(weights, default).AsInt32();
            Roundings.Store((magnitude | (isNegative & Vector256.Create(8))) & hasScale, quants[k..]);
        }
    }
}
