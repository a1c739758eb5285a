using System;

namespace EdgeRuntime.Formats;

/// <summary>What Q4_K and Q5_K have in common: a scale and a minimum for each 32 of 256 weights.</summary>
internal static class KQuantMins
{
    /// <summary>The scales of a block, from its fields.</summary>
    public static void TakeScales(ushort d, ushort dmin, ReadOnlySpan<byte> sixBits, ref BlockScales scales)
    {
        SixBitScales.Unpack(sixBits, scales.SubBlocks);
        scales.D = d;
        scales.Min = dmin;
    }

    /// <summary>The quants of a block, and their scales rounded as they are stored.</summary>
    /// <param name="x">256 weights.</param>
    /// <param name="max">Greatest quant.</param>
    /// <param name="firstStep">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
    /// <param name="steps">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
    /// <param name="quants">Gets the quants.</param>
    /// <param name="scales">Gets d, dmin, and the six-bit scales and minima.</param>
    public static void Quantize(ReadOnlySpan<float> x, int max, float firstStep, int steps, Span<byte> quants, ref BlockScales scales)
    {
        Span<float> subScales = stackalloc float[8];
        Span<float> subMins = stackalloc float[8];
        Span<float> weights = stackalloc float[32];
        float greatestScale = 0;
        float greatestMin = 0;
        for (int j = 0; j < 8; j++)
        {
            ReadOnlySpan<float> part = x.Slice(32 * j, 32);
            float sumSquares = 0;
            foreach (float value in part)
            {
                sumSquares += value * value;
            }

            float average = MathF.Sqrt(sumSquares / 32);
            for (int i = 0; i < 32; i++)
            {
                weights[i] = average + MathF.Abs(part[i]);
            }

            subScales[j] = KQuantSearch.ScaleAndMin(max, part, weights, quants.Slice(32 * j, 32), firstStep, steps, out subMins[j]);
            greatestScale = MathF.Max(greatestScale, subScales[j]);
            greatestMin = MathF.Max(greatestMin, subMins[j]);
        }

        float inverseScale = greatestScale > 0 ? 63 / greatestScale : 0;
        float inverseMin = greatestMin > 0 ? 63 / greatestMin : 0;
        scales.D = HalfBits.FromSingle(greatestScale / 63);
        scales.Min = HalfBits.FromSingle(greatestMin / 63);
        for (int j = 0; j < 8; j++)
        {
            scales.SubBlocks[j] = (byte)Math.Min(63, KQuantSearch.NearestInt(inverseScale * subScales[j]));
            scales.SubBlocks[8 + j] = (byte)Math.Min(63, KQuantSearch.NearestInt(inverseMin * subMins[j]));
            RoundAgain(x.Slice(32 * j, 32), max, j, quants.Slice(32 * j, 32), in scales);
        }
    }

    /// <summary>Rounds to the scale and minimum as they are stored; a sub-block without a scale keeps the quants of the search.</summary>
    private static void RoundAgain(ReadOnlySpan<float> x, int max, int j, Span<byte> quants, in BlockScales scales)
    {
        float d = HalfBits.ToSingle(scales.D) * scales.SubBlocks[j];
        if (d == 0)
        {
            return;
        }

        float dmin = HalfBits.ToSingle(scales.Min) * scales.SubBlocks[8 + j];
        for (int i = 0; i < 32; i++)
        {
            quants[i] = (byte)Math.Clamp(KQuantSearch.NearestInt((x[i] + dmin) / d), 0, max);
        }
    }
}
