using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Kernels.Attention;

namespace EdgeRuntime.Modules;

/// <summary>
/// The arithmetic of an indexer: scores of keys, and the choice of the largest. A sum never crosses the lanes of a vector, so every machine
/// gives the same bits.
/// </summary>
internal static unsafe class KeyScores
{
    private const int Panel = KvLayout.PanelPositions;
    private const int HeadsAtOnce = 4;
    private const int DigitBits = 8;

    /// <summary>Computes scores[p] = sum over heads h of weights[h] * max(0, queries[h] * keys[p]) for the 16 keys of a panel.</summary>
    /// <param name="queries">[heads, length].</param>
    /// <param name="weights">[heads].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="keys">[length, 16].</param>
    /// <param name="length">The number of elements of a key.</param>
    /// <param name="scores">[16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfPanel(float* queries, float* weights, int heads, float* keys, int length, float* scores)
    {
        Vector256<float> low = Vector256<float>.Zero;
        Vector256<float> high = Vector256<float>.Zero;
        Vector256<float>* products = stackalloc Vector256<float>[2 * HeadsAtOnce];
        for (int head = 0; head < heads; head += HeadsAtOnce)
        {
            int count = int.Min(HeadsAtOnce, heads - head);
            if (count == HeadsAtOnce)
            {
                MultiplyFour(queries + ((long)head * length), keys, length, products);
            }
            else
            {
                for (int i = 0; i < count; i++)
                {
                    MultiplyOne(queries + ((long)(head + i) * length), keys, length, products + (2 * i));
                }
            }

            for (int i = 0; i < count; i++)
            {
                var weight = Vector256.Create(weights[head + i]);
                low = Vector256.FusedMultiplyAdd(Vector256.Max(products[2 * i], Vector256<float>.Zero), weight, low);
                high = Vector256.FusedMultiplyAdd(Vector256.Max(products[(2 * i) + 1], Vector256<float>.Zero), weight, high);
            }
        }

        low.Store(scores);
        high.Store(scores + (Panel / 2));
    }

    /// <summary>Finds the largest of some scores; of equal ones the first.</summary>
    /// <param name="scores">[count].</param>
    /// <param name="most">The number of scores to find, at most count.</param>
    /// <param name="chosen">[most]: receives the indexes of the scores, in ascending order.</param>
    public static void Largest(ReadOnlySpan<float> scores, int most, Span<int> chosen)
    {
        (uint least, int equal) = Threshold(scores, most);
        int next = 0;
        for (int i = 0; next < most && i < scores.Length; i++)
        {
            uint order = Order(scores[i]);
            if (order > least || (order == least && equal-- > 0))
            {
                chosen[next++] = i;
            }
        }
    }

    /// <summary>Finds the least of the largest scores, digit by digit, and how many of its equals are among them.</summary>
    private static (uint Least, int Equal) Threshold(ReadOnlySpan<float> scores, int most)
    {
        const int Digits = 1 << DigitBits;
        Span<int> counts = stackalloc int[Digits];
        uint prefix = 0;
        for (int shift = 32 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            counts.Clear();
            foreach (float score in scores)
            {
                uint order = Order(score);
                if ((ulong)order >> (shift + DigitBits) == prefix)
                {
                    counts[(int)(order >> shift) & (Digits - 1)]++;
                }
            }

            int digit = Digits - 1;
            for (; counts[digit] < most; digit--)
            {
                most -= counts[digit];
            }

            prefix = (prefix << DigitBits) | (uint)digit;
        }

        return (prefix, most);
    }

    /// <summary>Returns a number that is ordered as the float is.</summary>
    private static uint Order(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }

    /// <summary>Multiplies four queries by 16 keys: enough independent sums to hide the latency of an addition.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour(float* queries, float* keys, int length, Vector256<float>* products)
    {
        float* q1 = queries + length;
        float* q2 = q1 + length;
        float* q3 = q2 + length;
        Vector256<float> low0 = default, low1 = default, low2 = default, low3 = default;
        Vector256<float> high0 = default, high1 = default, high2 = default, high3 = default;
        for (int i = 0; i < length; i++, keys += Panel)
        {
            var low = Vector256.Load(keys);
            var high = Vector256.Load(keys + (Panel / 2));
            (low0, high0) = Add(queries[i], low, high, low0, high0);
            (low1, high1) = Add(q1[i], low, high, low1, high1);
            (low2, high2) = Add(q2[i], low, high, low2, high2);
            (low3, high3) = Add(q3[i], low, high, low3, high3);
        }

        (products[0], products[1], products[2], products[3]) = (low0, high0, low1, high1);
        (products[4], products[5], products[6], products[7]) = (low2, high2, low3, high3);
    }

    private static void MultiplyOne(float* query, float* keys, int length, Vector256<float>* products)
    {
        (Vector256<float> low, Vector256<float> high) = (default, default);
        for (int i = 0; i < length; i++, keys += Panel)
        {
            (low, high) = Add(query[i], Vector256.Load(keys), Vector256.Load(keys + (Panel / 2)), low, high);
        }

        (products[0], products[1]) = (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Add(
        float query, Vector256<float> low, Vector256<float> high, Vector256<float> lowSum, Vector256<float> highSum)
    {
        var factor = Vector256.Create(query);
        return (Vector256.FusedMultiplyAdd(low, factor, lowSum), Vector256.FusedMultiplyAdd(high, factor, highSum));
    }
}
