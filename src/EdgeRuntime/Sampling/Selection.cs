using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Partial selection among distinct keys, where smaller keys are better and the lower 32 bits are a token id. The expected time is linear.
/// After too many poor pivots the rest is sorted, so no input takes quadratic time.
/// </summary>
internal static class Selection
{
    private const int SmallEnoughToSort = 32;
    private const int MaxPivots = 64;

    /// <summary>Moves the <paramref name="count"/> smallest keys to the front, the largest of them to index count - 1.</summary>
    public static void Smallest(Span<ulong> keys, int count)
    {
        int from = 0, to = keys.Length;
        for (int pivots = 0; to - from > SmallEnoughToSort && pivots < MaxPivots; pivots++)
        {
            int middle = Partition(keys, from, to);
            if (count - 1 < middle)
            {
                to = middle;
            }
            else
            {
                from = middle;
            }
        }

        keys[from..to].Sort();
    }

    /// <summary>
    /// Moves the smallest keys to the front until their weights sum to <paramref name="mass"/>, and returns their number; all keys if the
    /// total weight is less.
    /// </summary>
    /// <param name="keys">Distinct keys.</param>
    /// <param name="weights">The weight of each token id.</param>
    /// <param name="mass">The target sum.</param>
    public static int SmallestWithMass(Span<ulong> keys, ReadOnlySpan<double> weights, double mass)
    {
        int from = 0, to = keys.Length;
        double before = 0;
        for (int pivots = 0; to - from > SmallEnoughToSort && pivots < MaxPivots; pivots++)
        {
            int middle = Partition(keys, from, to);
            double withLeft = before;
            for (int i = from; i < middle; i++)
            {
                withLeft += weights[(int)(uint)keys[i]];
            }

            if (withLeft >= mass)
            {
                to = middle;
            }
            else
            {
                from = middle;
                before = withLeft;
            }
        }

        keys[from..to].Sort();
        for (int i = from; i < to; i++)
        {
            before += weights[(int)(uint)keys[i]];
            if (before >= mass)
            {
                return i + 1;
            }
        }

        return to;
    }

    // Hoare's partition around the median of three. The keys are distinct, so there is a smaller and a larger key than the median, and no
    // part is empty.
    private static int Partition(Span<ulong> keys, int from, int to)
    {
        ulong a = keys[from], b = keys[from + (to - from) / 2], c = keys[to - 1];
        ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        int i = from, j = to - 1;
        while (true)
        {
            while (keys[i] < pivot)
            {
                i++;
            }

            while (keys[j] > pivot)
            {
                j--;
            }

            if (i >= j)
            {
                return j + 1;
            }

            (keys[i], keys[j]) = (keys[j], keys[i]);
            i++;
            j--;
        }
    }
}
