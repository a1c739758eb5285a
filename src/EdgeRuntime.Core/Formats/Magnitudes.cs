using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Finds the largest weight for quantizers.</summary>
internal static class Magnitudes
{
    /// <summary>Finds the value of largest magnitude, with its sign; the first one on a tie, 0 for zeros.</summary>
    /// <param name="x">Finite values, a multiple of eight.</param>
    public static float Greatest(ReadOnlySpan<float> x)
    {
        (float least, float greatest) = Range(x);
        if (greatest == -least)
        {
            return FirstOf(x, greatest);
        }

        // A choice by vectors: a branch would be mispredicted half of the time.
        Vector128<float> below = Vector128.CreateScalarUnsafe(least);
        Vector128<float> above = Vector128.CreateScalarUnsafe(greatest);
        return Vector128.ConditionalSelect(Vector128.GreaterThan(above, -below), above, below).ToScalar();
    }

    /// <summary>Finds the largest magnitude.</summary>
    /// <param name="x">Finite values, a multiple of eight.</param>
    public static float GreatestMagnitude(ReadOnlySpan<float> x)
    {
        Vector256<float> greatest = default;
        for (int i = 0; i <= x.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            greatest = Vector256.MaxNative(greatest, Vector256.Abs(Vector256.Create(x[i..])));
        }

        return GreatestLane(greatest);
    }

    /// <summary>Finds the least and the greatest value.</summary>
    /// <param name="x">Finite values, a multiple of eight.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float Least, float Greatest) Range(ReadOnlySpan<float> x)
    {
        Vector256<float> least = Vector256.Create(x);
        Vector256<float> greatest = least;
        for (int i = Vector256<float>.Count; i <= x.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> values = Vector256.Create(x[i..]);
            least = Vector256.MinNative(least, values);
            greatest = Vector256.MaxNative(greatest, values);
        }

        return (LeastLane(least), GreatestLane(greatest));
    }

    /// <summary>Finds the least of eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LeastLane(Vector256<float> values) => -GreatestLane(-values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float GreatestLane(Vector256<float> values)
    {
        Vector128<float> four = Vector128.MaxNative(values.GetLower(), values.GetUpper());
        Vector128<float> two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    private static float FirstOf(ReadOnlySpan<float> x, float magnitude)
    {
        foreach (float value in x)
        {
            if (magnitude > 0 && MathF.Abs(value) == magnitude)
            {
                return value;
            }
        }

        return 0;
    }
}
