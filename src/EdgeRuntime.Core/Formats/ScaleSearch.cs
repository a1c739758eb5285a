using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Finds the scale with which a code represents weights best.</summary>
internal static class ScaleSearch
{
    // A group of weights with a magnitude below this becomes zeros.
    private const float Epsilon = 1e-15f;

    // The cost, as a share of the squares, of mapping the largest weight to the upper end. It decides between fits that are as good, so
    // that sub-blocks with the same weights get scales of the same sign.
    private const float UpperEndCost = 1e-7f;

    /// <summary>Quantizes a block of 32 weights with the best scale; see <see cref="Find"/>.</summary>
    /// <returns>The scale as float16.</returns>
    public static ushort Quantize<TCode>(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float step, out Vector256<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        Span<float> weights = stackalloc float[x.Length];
        ErrorWeights.Fill(x, importance, ErrorWeights.EvenMeanSquares, x.Length, weights);
        float scale = HalfBits.Round(Find<TCode>(x, weights, step));
        Span<byte> encoded = stackalloc byte[Vector256<byte>.Count];
        CodeFit.Encode<TCode>(x, scale, offset: 0, encoded);
        quants = Vector256.Create(encoded);
        return HalfBits.FromSingle(scale);
    }

    /// <summary>
    /// Finds the scale for x ~ scale * number with the least weighted squared error. The search tries scales that map the weight of largest
    /// magnitude to somewhere near the least or the greatest number of the code, and solves for the best scale of the rounded numbers of
    /// each. Codes with few levels are ranked by the error that the solved scales leave.
    /// </summary>
    /// <param name="x">The weights that share the scale.</param>
    /// <param name="weights">How much each squared error counts.</param>
    /// <param name="step">The distance between the numbers to which the largest weight is mapped.</param>
    /// <returns>The scale, or 0 if all weights are close to zero.</returns>
    public static float Find<TCode>(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float step)
        where TCode : unmanaged, IQuantCode
    {
        float greatest = Magnitudes.Greatest(x);
        if (MathF.Abs(greatest) < Epsilon)
        {
            return 0;
        }

        BestCandidates best = BestCandidates.Create();
        Vector256<float> steps = CodeFit.LaneNumbers * step;
        Vector256<float> outermost = Vector256.Create(greatest);
        bool isCoarse = CodeFit.IsCoarse<TCode>();
        float below = (isCoarse ? 2 : 4) * step;
        Try<TCode>(x, weights, outermost, outermost / (steps - Vector256.Create(TCode.Offset + below)), ref best);
        if (!isCoarse)
        {
            Try<TCode>(x, weights, outermost, outermost / (steps - Vector256.Create(TCode.Offset - (4 * step))), ref best);
        }

        Try<TCode>(x, weights, outermost, outermost / (Vector256.Create(TCode.MaxLevel - TCode.Offset + (3 * step)) - steps), ref best);
        if (!isCoarse)
        {
            Try<TCode>(x, weights, outermost, best.Next.Scale, ref best);
        }

        return best.Best().Scale;
    }

    private static void Try<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Vector256<float> outermost, Vector256<float> scale, ref BestCandidates best)
        where TCode : unmanaged, IQuantCode
    {
        ScaleFit fit = CodeFit.Measure<TCode>(x, weights, scale);
        Vector256<float> isUpper = Vector256.GreaterThan(scale * outermost, default);
        Vector256<float> cost = isUpper & (fit.SumXQ * scale * UpperEndCost);
        Candidates solved = new() { Scale = fit.Solve() };
        if (CodeFit.IsCoarse<TCode>())
        {
            best.Take(cost - (fit.SumXQ * solved.Scale), solved, solved);
        }
        else
        {
            best.Take(fit.Error + cost, new() { Scale = scale }, solved);
        }
    }
}
