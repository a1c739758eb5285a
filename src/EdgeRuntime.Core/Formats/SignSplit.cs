using System;
using System.Numerics;

namespace EdgeRuntime.Formats;

/// <summary>Separates signs from magnitudes for quantizers.</summary>
internal static class SignSplit
{
    /// <summary>
    /// Replaces weights by their magnitudes. Where the number of negative weights has to be even and is not, one weight gets the wrong sign
    /// and keeps the opposite of its magnitude: the one where this costs least.
    /// </summary>
    /// <param name="signs">The way signs are stored.</param>
    /// <param name="targets">The weights of a super-block; receives the magnitudes.</param>
    /// <param name="weights">How much the squared error of each counts.</param>
    /// <param name="bits">Receives one bit per weight.</param>
    public static void Separate(GridSigns signs, Span<float> targets, ReadOnlySpan<float> weights, Span<byte> bits)
    {
        for (int first = 0; signs != GridSigns.InPoints && first < targets.Length; first += 8)
        {
            Span<float> eight = targets.Slice(first, 8);
            int negative = 0;
            int cheapest = 0;
            float least = float.MaxValue;
            for (int k = 0; k < 8; k++)
            {
                float cost = weights[first + k] * eight[k] * eight[k];
                (cheapest, least) = cost < least ? (k, cost) : (cheapest, least);
                negative |= eight[k] < 0 ? 1 << k : 0;
                eight[k] = MathF.Abs(eight[k]);
            }

            if (signs == GridSigns.Even && BitOperations.PopCount((uint)negative) % 2 != 0)
            {
                negative ^= 1 << cheapest;
                eight[cheapest] = -eight[cheapest];
            }

            bits[first / 8] = (byte)negative;
        }
    }

    /// <summary>Moves each wrong sign to the weight where it costs least, given the levels of the weights.</summary>
    /// <param name="coding">The type.</param>
    /// <param name="targets">The magnitudes, and the opposites of those with a wrong sign.</param>
    /// <param name="weights">How much the squared error of each counts.</param>
    /// <param name="block">The points and signs of the super-block.</param>
    public static void MoveWrongSigns(GridCoding coding, Span<float> targets, ReadOnlySpan<float> weights, ref GridBlock block)
    {
        for (int first = 0; first < targets.Length; first += 8)
        {
            Span<float> eight = targets.Slice(first, 8);
            int wrong = -1;
            int cheapest = -1;
            float least = float.MaxValue;
            for (int k = 0; k < 8; k++)
            {
                float level = coding.Level(block.Points[(first + k) / coding.CellWeights], lowered: 0, k % coding.CellWeights);
                float cost = weights[first + k] * MathF.Abs(eight[k]) * level;
                (cheapest, least) = cost < least ? (k, cost) : (cheapest, least);
                wrong = eight[k] < 0 ? k : wrong;
            }

            if (wrong >= 0 && wrong != cheapest)
            {
                eight[wrong] = -eight[wrong];
                eight[cheapest] = -eight[cheapest];
                block.Signs[first / 8] ^= (byte)((1 << wrong) | (1 << cheapest));
            }
        }
    }
}
