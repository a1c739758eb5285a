using System;

namespace EdgeRuntime.Formats;

/// <summary>Steps shared by Q2_K, Q4_K and Q5_K, which have a scale and a minimum per sub-block of a 256-weight super-block.</summary>
internal static class KQuantMins
{
    /// <summary>Extracts the scales of a Q4_K or Q5_K block from its fields.</summary>
    public static void ExtractScales(ushort d, ushort dmin, ReadOnlySpan<byte> sixBits, ref BlockScales scales)
    {
        SixBitScales.Unpack(sixBits, scales.SubBlocks);
        scales.D = d;
        scales.Min = dmin;
    }

    /// <summary>Computes the weights of a Q4_K or Q5_K block from its quants and the scales of <see cref="ExtractScales"/>.</summary>
    public static void Dequantize(ReadOnlySpan<byte> quants, in BlockScales scales, Span<float> x)
    {
        float d = HalfBits.ToSingle(scales.D);
        float dmin = HalfBits.ToSingle(scales.Min);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (d * scales.SubBlocks[k / 32] * quants[k]) - (dmin * scales.SubBlocks[8 + (k / 32)]);
        }
    }

    /// <summary>Computes the quants of a block, and its scales and minima rounded to their stored precision.</summary>
    /// <param name="x">256 weights.</param>
    /// <param name="rounding">The rounding parameters of the type.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <param name="scales">Receives one scale per sub-block.</param>
    /// <param name="mins">Receives one minimum per sub-block.</param>
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
            Requantize(x.Slice(length * j, length), rounding.MaxQuant, scale, min, quants.Slice(length * j, length));
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

    /// <summary>Requantizes with the stored scale and minimum. A sub-block with a scale of 0 keeps the quants of the search.</summary>
    private static void Requantize(ReadOnlySpan<float> x, int max, float scale, float min, Span<byte> quants)
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

/// <summary>The rounding parameters of a type with scales and minima per sub-block.</summary>
/// <param name="MaxQuant">The largest quant.</param>
/// <param name="MaxScale">The largest stored scale and minimum.</param>
/// <param name="FirstStep">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
/// <param name="Steps">See <see cref="KQuantSearch.ScaleAndMin"/>.</param>
/// <param name="ByMagnitude">
/// Whether the search minimizes absolute errors, weighted by |x|. Otherwise it minimizes squared errors, weighted by |x| plus the root mean
/// square of the sub-block.
/// </param>
internal readonly record struct MinRounding(int MaxQuant, int MaxScale, float FirstStep, int Steps, bool ByMagnitude);
