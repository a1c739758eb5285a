using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Finds the scale and the offset with which a code represents weights best.</summary>
internal static class RangeSearch
{
    /// <summary>Quantizes a block with the best scale and offset; see <see cref="Find"/>.</summary>
    /// <returns>The scale and the offset as float16.</returns>
    public static (ushort D, ushort M) Quantize<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float step, Span<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        Span<float> weights = stackalloc float[x.Length];
        ErrorWeights.Fill(importance, x.Length, weights);
        (float scale, float offset) = Find<TCode>(x, weights, step, float.PositiveInfinity);
        (scale, offset) = (HalfBits.Round(scale), HalfBits.Round(offset));
        CodeFit.Encode<TCode>(x, scale, offset, quants);
        return (HalfBits.FromSingle(scale), HalfBits.FromSingle(offset));
    }

    /// <summary>
    /// Finds the scale and the offset for x ~ scale * number + offset with the least weighted squared error. The search tries scales that
    /// map the range of x to a few more or fewer steps than the code has, at its lower end, its middle and its upper end, and solves for
    /// the best scale and offset of the rounded numbers of each.
    /// </summary>
    /// <param name="x">The weights that share a scale and an offset.</param>
    /// <param name="weights">How much each squared error counts.</param>
    /// <param name="step">The difference between the numbers of steps.</param>
    /// <param name="maxOffset">The largest offset that the format stores: 0 or infinity.</param>
    public static (float Scale, float Offset) Find<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float step, float maxOffset)
        where TCode : unmanaged, IQuantCode
    {
        float least = x[0];
        float greatest = x[0];
        float sumW = 0;
        float sumX = 0;
        for (int i = 0; i < x.Length; i++)
        {
            least = x[i] < least ? x[i] : least;
            greatest = x[i] > greatest ? x[i] : greatest;
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }

        least = MathF.Min(least, maxOffset);
        if (greatest <= least)
        {
            return (0, least);
        }

        BestCandidates best = BestCandidates.Create();
        Vector256<float> steps = Vector256.Create(TCode.MaxLevel - (2 * step)) + (CodeFit.LaneNumbers * step);
        Vector256<float> scale = Vector256.Create(greatest - least) / steps;
        Vector256<float> beyond = Vector256.Create(greatest - least) - (scale * TCode.MaxLevel);
        for (int anchor = 0; anchor < 3; anchor++)
        {
            Vector256<float> offset = Vector256.MinNative(Vector256.Create(least) + (beyond * (anchor / 2f)), Vector256.Create(maxOffset));
            TryAround<TCode>(x, weights, sumW, sumX, maxOffset, scale, offset, ref best);
        }

        return best.Best();
    }

    private static void TryAround<TCode>(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weights,
        float sumW,
        float sumX,
        float maxOffset,
        Vector256<float> scale,
        Vector256<float> offset,
        ref BestCandidates best)
        where TCode : unmanaged, IQuantCode
    {
        const int Passes = 3;
        for (int pass = 0; pass < Passes; pass++)
        {
            RangeFit fit = CodeFit.Measure<TCode>(x, weights, scale, offset);
            best.Take(fit.Error, scale, offset);
            (scale, offset) = fit.Solve(sumW, sumX, maxOffset);
        }
    }
}
