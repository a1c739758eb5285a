using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// Measures how well a code represents weights with given scales. Lanes are candidates: a call tries eight scales, and no sum crosses
/// lanes. Every lane therefore has the bits of a scalar loop, on any machine.
/// </summary>
internal static class CodeFit
{
    /// <summary>The number of candidates of a call.</summary>
    public const int Lanes = 8;

    /// <summary>Gets the numbers 0..7, one per lane.</summary>
    public static Vector256<float> LaneNumbers => Vector256.Create(0f, 1, 2, 3, 4, 5, 6, 7);

    /// <summary>
    /// Gets whether a code has so few levels that differences of sums rank candidates, which saves a third of the time. With more levels
    /// the errors are too small a part of the sums.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCoarse<TCode>()
        where TCode : unmanaged, IQuantCode => TCode.MaxLevel < 8;

    /// <summary>Rounds x to scale * number, the nearest number of the code.</summary>
    /// <param name="x">Weights.</param>
    /// <param name="weights">How much each squared error counts.</param>
    /// <param name="scale">The candidates.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScaleFit Measure<TCode>(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Vector256<float> scale)
        where TCode : unmanaged, IQuantCode
    {
        Vector256<float> inverse = Inverse(scale);
        Vector256<float> error = default;
        Vector256<float> sumXQ = default;
        Vector256<float> sumQQ = default;
        ref float weight = ref MemoryMarshal.GetReference(weights[..x.Length]);
        for (int i = 0; i < x.Length; i++)
        {
            Vector256<float> value = Vector256.Create(x[i]);
            Vector256<float> w = Vector256.Create(Unsafe.Add(ref weight, i));
            Vector256<float> number = Nearest<TCode>(value * inverse);
            Vector256<float> weighted = w * number;
            if (!IsCoarse<TCode>())
            {
                Vector256<float> difference = Vector256.FusedMultiplyAdd(-scale, number, value);
                error = Vector256.FusedMultiplyAdd(w * difference, difference, error);
            }

            sumXQ = Vector256.FusedMultiplyAdd(weighted, value, sumXQ);
            sumQQ = Vector256.FusedMultiplyAdd(weighted, number, sumQQ);
        }

        error = IsCoarse<TCode>() ? scale * ((scale * sumQQ) - (sumXQ + sumXQ)) : error;
        return new() { Error = error, SumXQ = sumXQ, SumQQ = sumQQ };
    }

    /// <summary>Rounds x to scale * number + offset, the nearest number of the code.</summary>
    /// <param name="x">Weights.</param>
    /// <param name="weights">How much each squared error counts.</param>
    /// <param name="scale">The scales of the candidates.</param>
    /// <param name="offset">The offsets of the candidates.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RangeFit Measure<TCode>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Vector256<float> scale, Vector256<float> offset)
        where TCode : unmanaged, IQuantCode
    {
        Vector256<float> inverse = Inverse(scale);
        Vector256<float> error = default;
        Vector256<float> sumQ = default;
        Vector256<float> sumXQ = default;
        Vector256<float> sumQQ = default;
        ref float weight = ref MemoryMarshal.GetReference(weights[..x.Length]);
        for (int i = 0; i < x.Length; i++)
        {
            Vector256<float> value = Vector256.Create(x[i]);
            Vector256<float> w = Vector256.Create(Unsafe.Add(ref weight, i));
            Vector256<float> shifted = value - offset;
            Vector256<float> number = Nearest<TCode>(shifted * inverse);
            Vector256<float> difference = Vector256.FusedMultiplyAdd(-scale, number, shifted);
            Vector256<float> weighted = w * number;
            error = Vector256.FusedMultiplyAdd(w * difference, difference, error);
            sumQ += weighted;
            sumXQ = Vector256.FusedMultiplyAdd(weighted, value, sumXQ);
            sumQQ = Vector256.FusedMultiplyAdd(weighted, number, sumQQ);
        }

        return new() { Error = error, SumQ = sumQ, SumXQ = sumXQ, SumQQ = sumQQ };
    }

    /// <summary>Rounds x to quants: scale * number + offset, the nearest number of an evenly spaced code.</summary>
    /// <param name="x">Weights, a multiple of eight.</param>
    /// <param name="scale">The scale.</param>
    /// <param name="offset">The offset.</param>
    /// <param name="quants">Receives the quants.</param>
    public static void Encode<TCode>(ReadOnlySpan<float> x, float scale, float offset, Span<byte> quants)
        where TCode : unmanaged, IQuantCode
    {
        Vector256<float> inverse = Inverse(Vector256.Create(scale));
        for (int i = 0; i < x.Length; i += Lanes)
        {
            Vector256<float> number = (Vector256.Create(x.Slice(i, Lanes)) - Vector256.Create(offset)) * inverse;
            Vector256<int> quant = typeof(TCode) == typeof(NonLinearCode)
                ? NonLinear4.Nearest(number)
                : Vector256.ConvertToInt32Native(Nearest<TCode>(number)) + Vector256.Create(TCode.Offset);
            Roundings.Store(quant, quants[i..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Nearest<TCode>(Vector256<float> number)
        where TCode : unmanaged, IQuantCode
    {
        if (typeof(TCode) == typeof(NonLinearCode))
        {
            return NonLinear4.NearestValue(number);
        }

        Vector256<float> least = Vector256.Create((float)-TCode.Offset);
        Vector256<float> greatest = Vector256.Create((float)(TCode.MaxLevel - TCode.Offset));
        return Vector256.MinNative(Vector256.MaxNative(Vector256.Round(number), least), greatest);
    }

    /// <summary>Computes 1 / scale, or 0 where the scale is 0 or so small that its inverse is infinite.</summary>
    public static Vector256<float> Inverse(Vector256<float> scale)
    {
        Vector256<float> inverse = Vector256<float>.One / scale;
        return Vector256.LessThanOrEqual(Vector256.Abs(inverse), Vector256.Create(float.MaxValue)).AsSingle() & inverse;
    }
}

/// <summary>The fit of eight scales.</summary>
internal struct ScaleFit
{
    /// <summary>The sum of w (x - scale q)^2; without the sum of w x^2, which all candidates share, if the code is coarse.</summary>
    public Vector256<float> Error;

    /// <summary>The sum of w x q.</summary>
    public Vector256<float> SumXQ;

    /// <summary>The sum of w q^2.</summary>
    public Vector256<float> SumQQ;

    /// <summary>Computes the scales with the least error for the same numbers q; 0 where all are 0.</summary>
    public readonly Vector256<float> Solve()
    {
        Vector256<float> known = Vector256.GreaterThan(SumQQ, default);
        return known & (SumXQ / SumQQ);
    }
}

/// <summary>The fit of eight scales and offsets.</summary>
internal struct RangeFit
{
    /// <summary>The sum of w (x - scale q - offset)^2.</summary>
    public Vector256<float> Error;

    /// <summary>The sum of w q.</summary>
    public Vector256<float> SumQ;

    /// <summary>The sum of w x q.</summary>
    public Vector256<float> SumXQ;

    /// <summary>The sum of w q^2.</summary>
    public Vector256<float> SumQQ;

    /// <summary>Computes the scales and offsets with the least error for the same numbers q; both 0 where there is no solution.</summary>
    /// <param name="sums">The sums of w and of w x.</param>
    /// <param name="maxOffset">The largest offset that the format stores.</param>
    public readonly Candidates Solve(WeightSums sums, float maxOffset)
    {
        Vector256<float> w = Vector256.Create(sums.W);
        Vector256<float> x = Vector256.Create(sums.X);
        Vector256<float> limit = Vector256.Create(maxOffset);
        Vector256<float> determinant = (w * SumQQ) - (SumQ * SumQ);
        Vector256<float> known = Vector256.GreaterThan(determinant, default);
        Vector256<float> offset = known & (((SumQQ * x) - (SumQ * SumXQ)) / determinant);
        offset = Vector256.MinNative(offset, limit);
        return new() { Scale = known & ((SumXQ - (offset * SumQ)) / SumQQ), Offset = offset };
    }
}

/// <summary>Sums that do not depend on the quants.</summary>
/// <param name="W">The sum of w.</param>
/// <param name="X">The sum of w x.</param>
internal readonly record struct WeightSums(float W, float X)
{
    /// <summary>Sums over weights.</summary>
    public static WeightSums Of(ReadOnlySpan<float> x, ReadOnlySpan<float> weights)
    {
        float sumW = 0;
        float sumX = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }

        return new(sumW, sumX);
    }
}
