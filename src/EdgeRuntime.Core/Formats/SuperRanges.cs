using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// Finds the scales and minima of Q2_K, Q4_K and Q5_K, which have a float16 d and dmin per super-block and an integer sc and m per
/// sub-block: x ~ d * sc * q - dmin * m.
/// </summary>
internal static class SuperRanges
{
    private const int MaxSubBlocks = 16;

    // The number of times that d and dmin are solved for again.
    private const int Rounds = 2;

    /// <summary>Quantizes a super-block.</summary>
    /// <param name="x">256 weights.</param>
    /// <param name="importance">The importance of each weight, or empty.</param>
    /// <param name="step">See <see cref="RangeSearch.Find"/>.</param>
    /// <param name="max">The largest sc and m.</param>
    /// <param name="scales">Receives sc for each sub-block.</param>
    /// <param name="mins">Receives m for each sub-block.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <returns>d and dmin as float16.</returns>
    public static (ushort D, ushort DMin) Quantize<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float step, int max, Span<byte> scales, Span<byte> mins, Span<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / scales.Length;
        Span<float> weights = stackalloc float[x.Length];
        ErrorWeights.Fill(x, importance, ErrorWeights.EvenMeanSquares, length, weights);
        Span<IdealRange> ideal = stackalloc IdealRange[MaxSubBlocks];
        ideal = ideal[..scales.Length];
        for (int j = 0; j < ideal.Length; j++)
        {
            ideal[j] = IdealRange.Find<TCode>(x.Slice(length * j, length), weights.Slice(length * j, length), step);
        }

        UnitPair units = Settle<TCode>(x, weights, ideal, max, scales, mins);
        for (int j = 0; j < scales.Length; j++)
        {
            ReadOnlySpan<float> part = x.Slice(length * j, length);
            CodeFit.Encode<TCode>(part, units.Scale * scales[j], -(units.Min * mins[j]), quants.Slice(length * j, length));
        }

        return (HalfBits.FromSingle(units.Scale), HalfBits.FromSingle(units.Min));
    }

    /// <summary>Chooses d and dmin and the integers in turn, each for the others, as long as the error falls.</summary>
    private static UnitPair Settle<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<IdealRange> ideal, int max, Span<byte> scales, Span<byte> mins)
        where TCode : unmanaged, IQuantCode
    {
        Span<byte> trial = stackalloc byte[2 * MaxSubBlocks];
        Span<byte> trialScales = trial[..scales.Length];
        Span<byte> trialMins = trial.Slice(MaxSubBlocks, scales.Length);
        UnitPair units = Start<TCode>(x, weights, ideal, max);
        float least = Choose<TCode>(x, weights, ideal, units, max, scales, mins, out UnitPair next);
        for (int round = 0; round < Rounds && next != units; round++)
        {
            float error = Choose<TCode>(x, weights, ideal, next, max, trialScales, trialMins, out UnitPair following);
            if (!(error < least))
            {
                break;
            }

            (least, units, next) = (error, next, following);
            trialScales.CopyTo(scales);
            trialMins.CopyTo(mins);
        }

        return units;
    }

    /// <summary>
    /// Chooses d and dmin among values that map the largest scale to one of the integers max - 2..max + 1, and the largest minimum, too.
    /// Lanes are pairs.
    /// </summary>
    private static UnitPair Start<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<IdealRange> ideal, int max)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / ideal.Length;
        float greatestScale = 0;
        float greatestMin = 0;
        foreach (IdealRange range in ideal)
        {
            greatestScale = MathF.Max(greatestScale, range.Scale);
            greatestMin = MathF.Max(greatestMin, -range.Offset);
        }

        BestCandidates best = BestCandidates.Create();
        Vector256<float> most = Vector256.Create((float)max);
        Vector256<float> d = HalfBits.Round(Vector256.Create(greatestScale) / (most + Vector256.Create(1f, 0, -1, -2, 1, 0, -1, -2)));
        for (int half = 0; half < 2; half++)
        {
            Vector256<float> steps = Vector256.Create(1f, 1, 1, 1, 0, 0, 0, 0) - Vector256.Create(2f * half);
            Vector256<float> dmin = HalfBits.Round(Vector256.Create(greatestMin) / (most + steps));
            Vector256<float> error = default;
            for (int j = 0; j < ideal.Length; j++)
            {
                Vector256<float> sc = Vector256.Round(Vector256.Create(ideal[j].Scale) * CodeFit.Inverse(d));
                Vector256<float> scale = d * Vector256.Clamp(sc, default, most);
                Vector256<float> m = Vector256.Round(ideal[j].Min(scale) * CodeFit.Inverse(dmin));
                Vector256<float> offset = -(dmin * Vector256.Clamp(m, default, most));
                error += CodeFit.Measure<TCode>(x.Slice(length * j, length), weights.Slice(length * j, length), scale, offset).Error;
            }

            Candidates units = new() { Scale = d, Offset = dmin };
            best.Take(error, units, units);
        }

        (float bestD, float bestMin) = best.Best();
        return new(bestD, bestMin);
    }

    /// <summary>
    /// Chooses the best pair of integers of each sub-block for a d and a dmin, among sixteen next to the ideal range, and solves for the
    /// best d and dmin of these integers. Lanes are pairs.
    /// </summary>
    /// <returns>The error of the super-block.</returns>
    private static float Choose<TCode>(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<IdealRange> ideal,
        UnitPair units,
        int max,
        Span<byte> scales,
        Span<byte> mins,
        out UnitPair next)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / ideal.Length;
        float inverse = units.Scale == 0 ? 0 : 1 / units.Scale;
        Vector256<float> inverseMin = CodeFit.Inverse(Vector256.Create(units.Min));
        Vector256<float> most = Vector256.Create((float)max);
        UnitSums sums = default;
        for (int j = 0; j < scales.Length; j++)
        {
            float first = Math.Clamp(MathF.Floor(ideal[j].Scale * inverse) - 1, 0, max - 3);
            Vector256<float> sc = Vector256.Create(first) + Vector256.Create(0f, 1, 2, 3, 0, 1, 2, 3);
            Vector256<float> scale = sc * units.Scale;
            Vector256<float> nearest = Vector256.Floor(ideal[j].Min(scale) * inverseMin);
            float error = float.MaxValue;
            PairSums chosen = default;
            for (int half = 0; half < 2; half++)
            {
                Vector256<float> beside = Vector256.Create(-1f, -1, -1, -1, 0, 0, 0, 0) + Vector256.Create(2f * half);
                Vector256<float> m = Vector256.Clamp(nearest + beside, default, most);
                RangeFit fit = CodeFit.Measure<TCode>(
                    x.Slice(length * j, length), weights.Slice(length * j, length), scale, -(m * units.Min));
                int lane = BestCandidates.FirstLeast(fit.Error);
                if (fit.Error[lane] < error)
                {
                    error = fit.Error[lane];
                    chosen = new(sc[lane], m[lane], fit.SumQ[lane], fit.SumXQ[lane], fit.SumQQ[lane]);
                }
            }

            scales[j] = (byte)chosen.Scale;
            mins[j] = (byte)chosen.Min;
            sums.Add(error, in chosen, in ideal[j]);
        }

        next = sums.Solve(units);
        return (float)sums.Error;
    }

    private readonly record struct UnitPair(float Scale, float Min);

    private readonly record struct PairSums(float Scale, float Min, float SumQ, float SumXQ, float SumQQ);

    /// <summary>The best range of a sub-block without the limits of the format.</summary>
    private readonly record struct IdealRange(float Scale, float Offset, WeightSums Sums)
    {
        public static IdealRange Find<TCode>(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float step)
            where TCode : unmanaged, IQuantCode
        {
            WeightSums sums = WeightSums.Of(x, weights);
            (float scale, float offset) = RangeSearch.Find<TCode>(x, weights, sums, step, maxOffset: 0);
            return new(scale, offset, sums);
        }

        /// <summary>Computes the best minimum for other scales: the one that keeps the mean of the weights.</summary>
        public Vector256<float> Min(Vector256<float> scale)
        {
            float mean = Sums.X / Sums.W;
            float meanQuant = Scale > 0 ? (mean - Offset) / Scale : 0;
            return (scale * meanQuant) - Vector256.Create(mean);
        }
    }

    /// <summary>The sums from which d and dmin follow: u is sc * q, v is m.</summary>
    private struct UnitSums
    {
        private double _uu;
        private double _uv;
        private double _vv;
        private double _xu;
        private double _xv;

        public double Error { get; private set; }

        public void Add(float error, in PairSums pair, in IdealRange range)
        {
            Error += error;
            _uu += (double)pair.Scale * pair.Scale * pair.SumQQ;
            _uv += (double)pair.Scale * pair.Min * pair.SumQ;
            _vv += (double)pair.Min * pair.Min * range.Sums.W;
            _xu += (double)pair.Scale * pair.SumXQ;
            _xv += (double)pair.Min * range.Sums.X;
        }

        /// <summary>Solves for d and dmin with the least squared error, rounded to float16.</summary>
        public readonly UnitPair Solve(UnitPair current)
        {
            double determinant = (_uu * _vv) - (_uv * _uv);
            double min = determinant > 0 ? ((_uv * _xu) - (_xv * _uu)) / determinant : current.Min;
            double scale = _uu > 0 ? (_xu + (min * _uv)) / _uu : current.Scale;
            return min >= 0 && scale >= 0 ? new(HalfBits.Round((float)scale), HalfBits.Round((float)min)) : current;
        }
    }
}
