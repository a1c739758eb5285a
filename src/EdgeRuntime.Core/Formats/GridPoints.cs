using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Formats;

/// <summary>
/// Finds the point of a grid that is nearest to given numbers. The search is exact and looks at all points: the error of a point is the sum
/// of one term for each of its four nibbles, so vector instructions look up the terms of 32 points at once in tables of 16 bytes. These
/// sums are rounded. They leave a few points, whose errors are then computed in float32.
/// </summary>
internal sealed class GridPoints
{
    // Points per step of the scan.
    private const int Step = 32;

    // The rounded error of the best point known before the search. Greater errors have room up to 255, where they saturate.
    private const float Target = 200;

    // Rounding changes a sum of four terms by at most 2; float32 arithmetic adds a little.
    private const float Uncertainty = 2.1f;

    // An error that needs no search for a smaller one. Weights and their importance are at most 1.
    private const float Negligible = 1e-20f;

    private readonly ushort[] _digits;

    // [points / 32][nibble][32]
    private readonly byte[] _nibbles;

    // For each combination of rounded numbers the nearest point if all weights are the same: the first guess of a search.
    private readonly ushort[] _guesses;

    // Whether a guess is the combination itself.
    private readonly bool[] _isPoint;

    /// <summary>Arranges the points of a grid.</summary>
    /// <param name="digits">The digits of the points, as in the constants of the grids.</param>
    /// <param name="levels">The levels of the digits.</param>
    public GridPoints(ushort[] digits, GridLevels levels)
    {
        _digits = digits;
        _nibbles = new byte[4 * digits.Length];
        for (int point = 0; point < digits.Length; point++)
        {
            for (int nibble = 0; nibble < 4; nibble++)
            {
                _nibbles[(((point / Step * 4) + nibble) * Step) + (point % Step)] = (byte)((digits[point] >> (4 * nibble)) & 15);
            }
        }

        _guesses = new ushort[(int)Math.Pow(levels.Count, levels.CellWeights)];
        _isPoint = new bool[_guesses.Length];
        FindGuesses(levels);
    }

    /// <summary>Gets the digits of a point.</summary>
    public int Digits(int point) => _digits[point];

    /// <summary>Finds the point with the least sum of weights * (x - scale * level)^2.</summary>
    /// <param name="levels">The levels of the digits.</param>
    /// <param name="x">The numbers to come near to; as many as a point has.</param>
    /// <param name="weights">The weight of each squared error.</param>
    /// <param name="scale">The factor of the levels.</param>
    /// <param name="point">Receives the point.</param>
    /// <returns>The error of the point.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Nearest(GridLevels levels, ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float scale, out ushort point)
    {
        int rounded = levels.Round(x, scale);
        point = _guesses[rounded];
        if (_isPoint[rounded])
        {
            return Error(levels, x, weights, scale, _digits[point]);
        }

        Span<float> terms = stackalloc float[64];
        FindTerms(levels, x, weights, scale, terms);
        return Search(terms, ref point);
    }

    private void FindGuesses(GridLevels levels)
    {
        Span<float> terms = stackalloc float[64];
        Span<float> x = stackalloc float[levels.CellWeights];
        Span<float> ones = stackalloc float[levels.CellWeights];
        ones.Fill(1);
        foreach (ushort digits in _digits)
        {
            for (int k = 0; k < x.Length; k++)
            {
                x[k] = levels.Of(digits, k);
            }

            _isPoint[levels.Round(x, 1)] = true;
        }

        for (int combination = 0; combination < _guesses.Length; combination++)
        {
            for (int k = 0, rest = combination; k < x.Length; k++, rest /= levels.Count)
            {
                x[k] = levels.Number(rest % levels.Count);
            }

            FindTerms(levels, x, ones, 1, terms);
            Search(terms, ref _guesses[combination]);
        }
    }

    /// <summary>Finds the point with the least sum of terms.</summary>
    /// <param name="terms">Four times 16: the error that each value of each nibble causes.</param>
    /// <param name="point">A first guess. Receives the point.</param>
    /// <returns>The sum for the point.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Search(ReadOnlySpan<float> terms, ref ushort point)
    {
        float least = Error(terms, _digits[point]);
        if (!(least > Negligible))
        {
            return least;
        }

        float unit = Target / least;
        Vector256<byte> table0 = Round(terms, 0, unit);
        Vector256<byte> table1 = Round(terms, 16, unit);
        Vector256<byte> table2 = Round(terms, 32, unit);
        Vector256<byte> table3 = Round(terms, 48, unit);
        ref byte nibbles = ref MemoryMarshal.GetArrayDataReference(_nibbles);
        Vector256<byte> bound = Vector256.Create((byte)(Target + Uncertainty));
        for (int first = 0; first < _digits.Length; first += Step)
        {
            nuint at = (nuint)(4 * first);
            Vector256<byte> sum01 = Vector256.AddSaturate(
                LookUp(table0, Vector256.LoadUnsafe(ref nibbles, at)), LookUp(table1, Vector256.LoadUnsafe(ref nibbles, at + 32)));
            Vector256<byte> sum23 = Vector256.AddSaturate(
                LookUp(table2, Vector256.LoadUnsafe(ref nibbles, at + 64)), LookUp(table3, Vector256.LoadUnsafe(ref nibbles, at + 96)));
            Vector256<byte> sum = Vector256.AddSaturate(sum01, sum23);
            uint candidates = Vector256.Equals(Vector256.Min(sum, bound), sum).ExtractMostSignificantBits();
            if (candidates != 0 && Refine(terms, first, candidates, ref least, ref point))
            {
                bound = Vector256.Create((byte)(int)((least * unit) + Uncertainty));
            }
        }

        return least;
    }

    /// <summary>Looks for a smaller error among candidates.</summary>
    /// <param name="terms">The errors of the values of the nibbles.</param>
    /// <param name="first">The first point.</param>
    /// <param name="candidates">One bit per point.</param>
    /// <param name="least">The least error so far.</param>
    /// <param name="point">Its point.</param>
    /// <returns>Whether there is a smaller error.</returns>
    private bool Refine(ReadOnlySpan<float> terms, int first, uint candidates, ref float least, ref ushort point)
    {
        bool found = false;
        for (; candidates != 0; candidates &= candidates - 1)
        {
            int candidate = first + BitOperations.TrailingZeroCount(candidates);
            float error = Error(terms, _digits[candidate]);
            if (error < least)
            {
                (least, point, found) = (error, (ushort)candidate, true);
            }
        }

        return found;
    }

    /// <summary>Computes the error that each value of each nibble causes.</summary>
    private static void FindTerms(GridLevels levels, ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float scale, Span<float> terms)
    {
        ref float low = ref MemoryMarshal.GetArrayDataReference(levels.Low);
        ref float high = ref MemoryMarshal.GetArrayDataReference(levels.High);
        ref float to = ref MemoryMarshal.GetReference(terms);
        bool hasPairs = levels.HasPairs;
        for (nuint half = 0; half < 16; half += 8)
        {
            Vector256<float> lowLevels = Vector256.LoadUnsafe(ref low, half) * scale;
            Vector256<float> highLevels = Vector256.LoadUnsafe(ref high, half) * scale;
            for (int nibble = 0; nibble < 4; nibble++)
            {
                int k = hasPairs ? 2 * nibble : nibble;
                Vector256<float> miss = Vector256.Create(x[k]) - lowLevels;
                Vector256<float> term = miss * miss * weights[k];
                if (hasPairs)
                {
                    miss = Vector256.Create(x[k + 1]) - highLevels;
                    term += miss * miss * weights[k + 1];
                }

                term.StoreUnsafe(ref to, (nuint)(16 * nibble) + half);
            }
        }
    }

    private static float Error(GridLevels levels, ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float scale, int digits)
    {
        float error = 0;
        for (int k = 0; k < x.Length; k++)
        {
            float miss = x[k] - (levels.Of(digits, k) * scale);
            error += weights[k] * miss * miss;
        }

        return error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Error(ReadOnlySpan<float> terms, int digits) =>
        terms[digits & 15] + terms[16 + ((digits >> 4) & 15)] + terms[32 + ((digits >> 8) & 15)] + terms[48 + ((digits >> 12) & 15)];

    /// <summary>Rounds 16 terms to bytes, twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Round(ReadOnlySpan<float> terms, int first, float unit)
    {
        ref float from = ref MemoryMarshal.GetReference(terms);
        Vector256<ushort> words = Vector256.Narrow(Round8(ref from, first, unit), Round8(ref from, first + 8, unit));
        Vector128<byte> bytes = Vector128.Narrow(words.GetLower(), words.GetUpper());
        return Vector256.Create(bytes, bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round8(ref float from, int first, float unit)
    {
        Vector256<float> scaled = (Vector256.LoadUnsafe(ref from, (nuint)first) * unit) + Vector256.Create(0.5f);
        return Vector256.ConvertToInt32Native(Vector256.MinNative(scaled, Vector256.Create(255f))).AsUInt32();
    }

    /// <summary>Looks up 32 nibbles in a table that each half of the vector holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> LookUp(Vector256<byte> table, Vector256<byte> nibbles) => Avx2.IsSupported
        ? Avx2.Shuffle(table, nibbles)
        : Vector256.Create(
            Vector128.ShuffleNative(table.GetLower(), nibbles.GetLower()), Vector128.ShuffleNative(table.GetUpper(), nibbles.GetUpper()));
}
