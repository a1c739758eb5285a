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

    /// <summary>Finds the quants whose values times the scale are nearest to the weights; the first one on a tie.</summary>
    /// <param name="x">Finite weights, a multiple of eight.</param>
    /// <param name="scale">The scale.</param>
    /// <param name="quants">Receives the quants.</param>
    public static void Quantize(ReadOnlySpan<float> x, float scale, Span<byte> quants)
    {
        Span<float> scaled = stackalloc float[16];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = Values[i] * scale;
        }

        for (int k = 0; k <= x.Length - Vector256<float>.Count; k += Vector256<float>.Count)
        {
            Vector256<float> weights = Vector256.Create(x[k..]);
            Vector256<float> least = Vector256.Create(float.PositiveInfinity);
            Vector256<int> nearest = default;
            for (int i = 0; i < scaled.Length; i++)
            {
                Vector256<float> error = Vector256.Abs(Vector256.Create(scaled[i]) - weights);
                Vector256<float> less = Vector256.LessThan(error, least);
                least = Vector256.ConditionalSelect(less, error, least);
                nearest = Vector256.ConditionalSelect(less.AsInt32(), Vector256.Create(i), nearest);
            }

            Roundings.Store(nearest, quants[k..]);
        }
    }
}
