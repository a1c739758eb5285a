using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// The numbers that the digits of a grid point stand for. A nibble of a point holds two digits below 3 (two weights) or one digit below 8
/// (one weight), as in the constants of the grids.
/// </summary>
internal sealed class GridLevels
{
    private readonly float[] _levels;

    /// <summary>Creates the levels of points of eight weights, from three levels, or of four weights, from eight.</summary>
    /// <param name="levels">The number for each digit, ascending.</param>
    public GridLevels(params float[] levels)
    {
        _levels = levels;
        HasPairs = levels.Length == 3;
        for (int nibble = 0; nibble < 16; nibble++)
        {
            Low[nibble] = HasPairs ? levels[Math.Min(nibble & 3, 2)] : levels[nibble & 7];
            High[nibble] = HasPairs ? levels[Math.Min(nibble >> 2, 2)] : 0;
        }
    }

    /// <summary>Gets whether a nibble stands for two weights.</summary>
    public bool HasPairs { get; }

    /// <summary>Gets the number of levels.</summary>
    public int Count => _levels.Length;

    /// <summary>Gets the number of the first weight for each nibble.</summary>
    public float[] Low { get; } = new float[16];

    /// <summary>Gets the number of the second weight for each nibble, if there is one.</summary>
    public float[] High { get; } = new float[16];

    /// <summary>Gets the number of weights per point.</summary>
    public int CellWeights => HasPairs ? 8 : 4;

    /// <summary>Gets the number that a digit stands for.</summary>
    public float Number(int digit) => _levels[digit];

    /// <summary>Gets the number of a weight of a point.</summary>
    /// <param name="digits">The digits of the point.</param>
    /// <param name="k">The place of the weight.</param>
    public float Of(int digits, int k) => HasPairs ? _levels[(digits >> (2 * k)) & 3] : _levels[(digits >> (4 * k)) & 7];

    /// <summary>Rounds numbers to levels, whether or not a point has them.</summary>
    /// <param name="x">As many numbers as a point has.</param>
    /// <param name="scale">The factor of the levels.</param>
    /// <returns>The digits as one number in base <see cref="Count"/>, the first in the lowest place.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Round(ReadOnlySpan<float> x, float scale)
    {
        Vector256<float> numbers = HasPairs ? Vector256.Create(x) : Vector128.Create(x).ToVector256();
        Vector256<int> digits = Vector256<int>.Zero;
        for (int i = 1; i < _levels.Length; i++)
        {
            Vector256<float> middle = Vector256.Create((_levels[i - 1] + _levels[i]) * 0.5f * scale);
            digits -= Vector256.GreaterThan(numbers, middle).AsInt32();
        }

        Vector256<int> places = HasPairs
            ? Vector256.Create(1, 3, 9, 27, 81, 243, 729, 2187)
            : Vector256.Create(1, 8, 64, 512, 0, 0, 0, 0);
        return Vector256.Sum(digits * places);
    }

    /// <summary>Computes the weighted squared error of eight numbers that are rounded to levels, whether or not a point has them.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="weights">The weight of each squared error.</param>
    /// <param name="scale">The factor of the levels.</param>
    public float RoundingError(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float scale)
    {
        Vector256<float> numbers = Vector256.Create(x);
        Vector256<float> least = Vector256.Create(float.MaxValue);
        foreach (float level in _levels)
        {
            Vector256<float> miss = numbers - Vector256.Create(level * scale);
            least = Vector256.MinNative(least, miss * miss);
        }

        least *= Vector256.Create(weights);
        Vector128<float> halves = least.GetLower() + least.GetUpper();
        return halves.GetElement(0) + halves.GetElement(1) + (halves.GetElement(2) + halves.GetElement(3));
    }
}
