using System;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// Finds the scales of Q3_K, Q6_K and IQ4_XS, which have a float16 d per super-block and an integer sc per sub-block: x ~ d * sc * number.
/// </summary>
internal static class SuperScales
{
    private const int MaxSubBlocks = 16;

    // The number of times that d is solved for again.
    private const int Rounds = 1;

    /// <summary>Quantizes a super-block.</summary>
    /// <param name="x">256 weights.</param>
    /// <param name="importance">The importance of each weight, or empty.</param>
    /// <param name="step">See <see cref="ScaleSearch.Find"/>.</param>
    /// <param name="steps">The integers are -steps..steps - 1.</param>
    /// <param name="scales">Receives sc for each sub-block.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <returns>d as float16.</returns>
    public static ushort Quantize<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float step, int steps, Span<sbyte> scales, Span<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / scales.Length;
        Span<float> weights = stackalloc float[x.Length];
        ErrorWeights.Fill(x, importance, ErrorWeights.EvenMeanSquares, length, weights);
        Span<float> ideal = stackalloc float[scales.Length];
        for (int j = 0; j < ideal.Length; j++)
        {
            ideal[j] = ScaleSearch.Find<TCode>(x.Slice(length * j, length), weights.Slice(length * j, length), step);
        }

        ushort d = Settle<TCode>(x, weights, ideal, steps, scales);
        float scale = HalfBits.ToSingle(d);
        for (int j = 0; j < scales.Length; j++)
        {
            CodeFit.Encode<TCode>(x.Slice(length * j, length), scale * scales[j], 0, quants.Slice(length * j, length));
        }

        return d;
    }

    /// <summary>Chooses d and the integers in turn, each for the other, as long as the error falls.</summary>
    private static ushort Settle<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<float> ideal, int steps, Span<sbyte> scales)
        where TCode : unmanaged, IQuantCode
    {
        Span<sbyte> trial = stackalloc sbyte[MaxSubBlocks];
        trial = trial[..scales.Length];
        ushort d = Start<TCode>(x, weights, ideal, steps);
        float least = Choose<TCode>(x, weights, ideal, d, steps, scales, out ushort next);
        for (int round = 0; round < Rounds && next != d; round++)
        {
            float error = Choose<TCode>(x, weights, ideal, next, steps, trial, out ushort following);
            if (!(error < least))
            {
                break;
            }

            (least, d, next) = (error, next, following);
            trial.CopyTo(scales);
        }

        return d;
    }

    /// <summary>Chooses d among values that map the greatest scale to an integer near either end. Lanes are values of d.</summary>
    private static ushort Start<TCode>(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<float> ideal, int steps)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / ideal.Length;
        Vector256<float> greatest = Vector256.Create(Magnitudes.Greatest(ideal));
        Vector256<float> least = Vector256.Create(-(float)steps);
        Vector256<float> most = Vector256.Create(steps - 1f);
        Vector256<float> ends = Vector256.ConditionalSelect(Vector256.Create(-1, -1, -1, -1, -1, 0, 0, 0).AsSingle(), least, most);
        Vector256<float> d = HalfBits.Round(greatest / (ends + Vector256.Create(-1f, 0, 1, 2, 3, 0, -1, -2)));
        Vector256<float> inverse = CodeFit.Inverse(d);
        Vector256<float> error = default;
        for (int j = 0; j < ideal.Length; j++)
        {
            Vector256<float> scale = Vector256.Clamp(Vector256.Round(Vector256.Create(ideal[j]) * inverse), least, most);
            error += CodeFit.Measure<TCode>(x.Slice(length * j, length), weights.Slice(length * j, length), d * scale).Error;
        }

        return HalfBits.FromSingle(d[BestCandidates.FirstLeast(error)]);
    }

    /// <summary>
    /// Chooses the best integer of each sub-block for a d, among those next to the ideal scale, and solves for the best d of these
    /// integers. Lanes are integers.
    /// </summary>
    /// <returns>The error of the super-block.</returns>
    private static float Choose<TCode>(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> ideal,
        ushort d,
        int steps,
        Span<sbyte> scales,
        out ushort next)
        where TCode : unmanaged, IQuantCode
    {
        int length = x.Length / ideal.Length;
        float unit = HalfBits.ToSingle(d);
        float error = 0;
        float sumXU = 0;
        float sumUU = 0;
        for (int j = 0; j < scales.Length; j++)
        {
            float middle = unit == 0 ? 0 : MathF.Floor(ideal[j] / unit);
            float first = Math.Clamp(middle - 3, -steps, steps - CodeFit.Lanes);
            Vector256<float> scale = CodeFit.LaneNumbers + Vector256.Create(first);
            ScaleFit fit = CodeFit.Measure<TCode>(x.Slice(length * j, length), weights.Slice(length * j, length), scale * unit);
            int lane = BestCandidates.FirstLeast(fit.Error);
            scales[j] = (sbyte)scale[lane];
            error += fit.Error[lane];
            sumXU += scale[lane] * fit.SumXQ[lane];
            sumUU += scale[lane] * scale[lane] * fit.SumQQ[lane];
        }

        next = sumUU > 0 ? HalfBits.FromSingle(HalfBits.Round(sumXU / sumUU)) : d;
        return error;
    }
}
