using System;

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
        float greatest = MathF.Abs(Magnitudes.Greatest(x));
        float inverse = float.IsFinite(1 / greatest) ? 1 / greatest : 0;
        for (int k = 0; k < x.Length; k++)
        {
            quants[k] = (byte)(MathF.Round(x[k] * inverse, MidpointRounding.AwayFromZero) + 1);
        }

        return HalfBits.FromSingle(greatest);
    }
}
