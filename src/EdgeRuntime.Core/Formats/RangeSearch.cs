using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Finds the scale and the offset with which a code represents weights best.</summary>
internal static class RangeSearch
{
    /// <summary>Quantizes a block of 32 weights with the best scale and offset; see <see cref="Find"/>.</summary>
    /// <returns>The scale and the offset as float16.</returns>
    public static (ushort D, ushort M) Quantize<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float step, out Vector256<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        Span<float> weights = stackalloc float[x.Length];
        ErrorWeights.Fill(x, importance, ErrorWeights.EvenMeanSquares, x.Length, weights);
        (float scale, float offset) = Find<TCode>(x, weights, WeightSums.Of(x, weights), step, float.PositiveInfinity);
        (scale, offset) = (HalfBits.Round(scale), HalfBits.Round(offset));
        Span<byte> encoded = stackalloc byte[Vector256<byte>.Count];
        CodeFit.Encode<TCode>(x, scale, offset, encoded);
        quants = Vector256.Create(encoded);
        return (HalfBits.FromSingle(scale), HalfBits.FromSingle(offset));
    }

    /// <summary>
    /// Finds the scale and the offset for x ~ scale * number + offset with the least weighted squared error. The search tries scales that
    /// map the range of x to a few more or fewer steps than the code has, at its lower end, its middle and its upper end, and solves for
    /// the best scale and offset of the rounded numbers of each.
    /// </summary>
    /// <param name="x">The weights that share a scale and an offset.</param>
    /// <param name="weights">How much each squared error counts.</param>
    /// <param name="sums">The sums of <paramref name="weights"/> and of their products with <paramref name="x"/>.</param>
    /// <param name="step">The difference between the numbers of steps.</param>
    /// <param name="maxOffset">The largest offset that the format stores: 0 or infinity.</param>
    public static (float Scale, float Offset) Find<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, WeightSums sums, float step, float maxOffset)
        where TCode : unmanaged, IQuantCode
    {
        (float least, float greatest) = Magnitudes.Range(x);
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
            Try<TCode>(x, weights, sums, maxOffset, new() { Scale = scale, Offset = offset }, ref best);
        }

        for (int refinement = 0; refinement < 2; refinement++)
        {
            Try<TCode>(x, weights, sums, maxOffset, best.Next, ref best);
        }

        return best.Best();
    }

    private static void Try<TCode>(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weights,
        WeightSums sums,
        float maxOffset,
        Candidates candidates,
        ref BestCandidates best)
        where TCode : unmanaged, IQuantCode
    {
        RangeFit fit = CodeFit.Measure<TCode>(x, weights, candidates.Scale, candidates.Offset);
        best.Take(fit.Error, candidates, fit.Solve(sums, maxOffset));
    }
}
