using System;

namespace EdgeRuntime.Formats;

/// <summary>How TQ1_0, TQ2_0 and Q2_0 round: the scale is the greatest magnitude of a block, so that the quants are -1, 0 and 1.</summary>
internal static class Ternary
{
    /// <summary>Divides by the greatest magnitude and rounds to the nearest, ties away from zero.</summary>
    /// <param name="x">A block of finite weights.</param>
    /// <param name="quants">Gets 0, 1 and 2 for -1, 0 and 1.</param>
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
