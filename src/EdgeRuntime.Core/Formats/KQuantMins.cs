using System;

namespace EdgeRuntime.Formats;

/// <summary>What Q2_K, Q4_K and Q5_K have in common: a scale and a minimum for each sub-block of 256 weights.</summary>
internal static class KQuantMins
{
    /// <summary>The scales of a Q4_K or Q5_K block, from its fields.</summary>
    public static void TakeScales(ushort d, ushort dmin, ReadOnlySpan<byte> sixBits, ref BlockScales scales)
    {
        SixBitScales.Unpack(sixBits, scales.SubBlocks);
        scales.D = d;
        scales.Min = dmin;
    }

    /// <summary>The quants of a block, and their scales and minima rounded as they are stored.</summary>
    /// <param name="x">256 weights.</param>
    /// <param name="rounding">How the type rounds.</param>
    /// <param name="quants">Gets the quants.</param>
    /// <param name="scales">Gets a scale for each sub-block.</param>
    /// <param name="mins">Gets a minimum for each sub-block.</param>
    /// <returns>d and dmin as float16.</returns>
    public static (ushort D, ushort DMin) Quantize(
        ReadOnlySpan<float> x, in MinRounding rounding, Span<byte> quants, Span<byte> scales, Span<byte> mins)
    {
        int length = x.Length / scales.Length;
        Span<float> subScales = stackalloc float[scales.Length];
        Span<float> subMins = stackalloc float[scales.Length];
        float greatestScale = 0;
        float greatestMin = 0;
        for (int j = 0; j < scales.Length; j++)
        {
            subScales[j] = Search(x.Slice(length * j, length), in rounding, quants.Slice(length * j, length), out subMins[j]);
            greatestScale = MathF.Max(greatestScale, subScales[j]);
            greatestMin = MathF.Max(greatestMin, subMins[j]);
        }

        int max = rounding.MaxScale;
        float inverseScale = greatestScale > 0 ? max / greatestScale : 0;
        float inverseMin = greatestMin > 0 ? max / greatestMin : 0;
        ushort d = HalfBits.FromSingle(greatestScale / max);
        ushort dmin = HalfBits.FromSingle(greatestMin / max);
        for (int j = 0; j < scales.Length; j++)
        {
            scales[j] = (byte)Math.Min(max, KQuantSearch.NearestInt(inverseScale * subScales[j]));
            mins[j] = (byte)Math.Min(max, KQuantSearch.NearestInt(inverseMin * subMins[j]));
            float scale = HalfBits.ToSingle(d) * scales[j];
            float min = HalfBits.ToSingle(dmin) * mins[j];
            RoundAgain(x.Slice(length * j, length), rounding.MaxQuant, scale, min, quants.Slice(length * j, length));
        }

        return (d, dmin);
    }

    private static float Search(ReadOnlySpan<float> x, in MinRounding rounding, Span<byte> quants, out float min)
    {
        float sumSquares = 0;
        foreach (float value in x)
        {
            sumSquares += value * value;
        }

        float average = rounding.ByMagnitude ? 0 : MathF.Sqrt(sumSquares / x.Length);
        Span<float> weights = stackalloc float[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            weights[i] = average + MathF.Abs(x[i]);
        }

        return KQuantSearch.ScaleAndMin(
            rounding.MaxQuant, x, weights, quants, rounding.FirstStep, rounding.Steps, rounding.ByMagnitude, out min);
    }

    /// <summary>Rounds to the scale and minimum as they are stored; a sub-block without a scale keeps the quants of the search.</summary>
    private static void RoundAgain(ReadOnlySpan<float> x, int max, float scale, float min, Span<byte> quants)
    {
        if (scale == 0)
        {
            return;
        }

        for (int i = 0; i < x.Length; i++)
        {
            quants[i] = (byte)Math.Clamp(KQuantSearch.NearestInt((x[i] + min) / scale), 0, max);
        }
    }
}

/// <summary>How a type with scales and minima of sub-blocks rounds.</summary>
/// <param name="MaxQuant">Greatest quant.</param>
/// <param name="MaxScale">Greatest scale and minimum.</param>
/// <param name="FirstStep">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
/// <param name="Steps">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
/// <param name="ByMagnitude">
/// Whether errors count by magnitude and in proportion to the weight's; else they count by square, and small weights count more.
/// </param>
internal readonly record struct MinRounding(int MaxQuant, int MaxScale, float FirstStep, int Steps, bool ByMagnitude);
