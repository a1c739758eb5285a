using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Quantizes super-blocks to the IQ types: looks for the points, signs and scales with the least weighted squared error. First each group
/// of weights with a common scale gets the best real scale and its nearest points (<see cref="GridGroup"/>). Then d is chosen such that
/// these scales are rounded with the least error. Last the points are searched again with the rounded scales, and d is fit to all of them.
/// </summary>
internal static class GridQuantizer
{
    // A super-block of smaller weights has a d that float16 rounds to 0.
    private const float Smallest = 1e-10f;

    // A scale that is at most this far from an odd multiple of d, of the distance 1 to the middle of two, is not rounded to the other one.
    private const float Near = 0.5f;

    // See ErrorWeights.Fill; chosen for the divergence of models that are quantized with an importance matrix.
    private const float MeasuredMeanSquares = 1;

    /// <summary>Quantizes a super-block.</summary>
    /// <param name="coding">The type.</param>
    /// <param name="x">256 finite weights.</param>
    /// <param name="importance">How much the squared error of each weight counts, or empty if all count the same.</param>
    /// <param name="block">Receives the contents of the super-block.</param>
    [SkipLocalsInit]
    public static void Quantize(GridCoding coding, ReadOnlySpan<float> x, ReadOnlySpan<float> importance, out GridBlock block)
    {
        block = default;
        float unit = MathF.Abs(Magnitudes.Greatest(x));
        if (unit < Smallest)
        {
            return;
        }

        Span<float> targets = stackalloc float[GridCoding.Weights];
        Span<float> weights = stackalloc float[GridCoding.Weights];
        Span<GridFit> fits = stackalloc GridFit[coding.Groups];
        Scale(x, unit, targets);
        Weigh(targets, importance, coding.GroupWeights, weights);
        SignSplit.Separate(coding.Signs, targets, weights, block.Signs);
        for (int group = 0; group < fits.Length; group++)
        {
            fits[group] = new GridGroup(coding, targets, weights, group).FindScale(out GridCandidate candidate);
            block.Put(coding, group, in candidate);
        }

        float d = HalfBits.Round(ChooseD(coding, fits) * unit);
        if (d == 0)
        {
            block = default;
            return;
        }

        if (coding.Signs == GridSigns.Even)
        {
            SignSplit.MoveWrongSigns(coding, targets, weights, ref block);
        }

        d = ChooseScales(coding, targets, weights, d / unit, fits, ref block);
        block.D = HalfBits.FromSingle(HalfBits.Round(d * unit * coding.Stretch));
    }

    private static void Scale(ReadOnlySpan<float> x, float unit, Span<float> scaled)
    {
        for (int k = 0; k < x.Length; k++)
        {
            scaled[k] = x[k] / unit;
        }
    }

    private static void Weigh(ReadOnlySpan<float> targets, ReadOnlySpan<float> importance, int groupWeights, Span<float> weights)
    {
        Span<float> scaled = stackalloc float[importance.Length];
        float greatest = Magnitudes.GreatestMagnitude(importance);
        Scale(importance, greatest > 0 ? greatest : 1, scaled);
        ErrorWeights.Fill(targets, scaled, importance.IsEmpty ? ErrorWeights.EvenMeanSquares : MeasuredMeanSquares, groupWeights, weights);
    }

    /// <summary>
    /// Chooses d among parts of the largest scale: the one with the least error after the scales are rounded to odd multiples of it.
    /// </summary>
    private static float ChooseD(GridCoding coding, ReadOnlySpan<GridFit> fits)
    {
        float greatest = 0;
        foreach (GridFit fit in fits)
        {
            greatest = MathF.Max(greatest, fit.Scale);
        }

        float multiple = (2 * coding.LargestScale) + 1;
        float best = 0;
        float least = float.MaxValue;
        for (float divisor = multiple + 2; divisor > multiple / 2; divisor -= 0.5f)
        {
            float d = greatest / divisor;
            float error = 0;
            foreach (GridFit fit in fits)
            {
                float scale = ((2 * NearestScale(coding, fit.Scale / d)) + 1) * d;
                error += scale * ((scale * fit.Square) - (2 * fit.Product));
            }

            (best, least) = error < least ? (d, error) : (best, least);
        }

        return best;
    }

    /// <summary>Chooses the rounded scale and the points of each group for a d.</summary>
    /// <returns>The d that fits them best.</returns>
    private static float ChooseScales(
        GridCoding coding,
        ReadOnlySpan<float> targets,
        ReadOnlySpan<float> weights,
        float d,
        ReadOnlySpan<GridFit> fits,
        ref GridBlock block)
    {
        GridFit total = default;
        for (int group = 0; group < fits.Length; group++)
        {
            float multiple = fits[group].Scale / d;
            int scale = NearestScale(coding, multiple);
            int second = Math.Clamp(multiple < (2 * scale) + 1 ? scale - 1 : scale + 1, 0, coding.LargestScale);
            GridGroup search = new(coding, targets, weights, group);
            search.Search(((2 * scale) + 1) * d, out GridCandidate best);
            if (second != scale && MathF.Abs(multiple - ((2 * scale) + 1)) > Near)
            {
                search.Search(((2 * second) + 1) * d, out GridCandidate other);
                (scale, best) = other.Error < best.Error ? (second, other) : (scale, best);
            }

            block.Scales[group] = (byte)scale;
            block.Put(coding, group, in best);
            GridFit fit = search.FitScale(in best);
            float factor = (2 * scale) + 1;
            total.Product += factor * fit.Product;
            total.Square += factor * factor * fit.Square;
        }

        return total.Product > 0 ? total.Scale : d;
    }

    private static int NearestScale(GridCoding coding, float multiple) =>
        Math.Clamp((int)MathF.Round((multiple - 1) / 2), 0, coding.LargestScale);
}
