using System;

namespace EdgeRuntime.Formats;

/// <summary>How much the squared error of each weight counts in a search.</summary>
internal static class ErrorWeights
{
    // The share of the mean importance that weights of a group get where none of them has any.
    private const float Share = 1e-6f;

    /// <summary>
    /// Copies the importance, or counts all weights the same. The weights of a group whose importance is 0 count a little, because the
    /// activations that nobody measured may still occur.
    /// </summary>
    /// <param name="importance">The importance of each weight, or empty.</param>
    /// <param name="group">The number of weights that share a scale.</param>
    /// <param name="weights">Receives one error weight per weight.</param>
    public static void Fill(ReadOnlySpan<float> importance, int group, Span<float> weights)
    {
        float mean = Sum(importance) / weights.Length;
        if (mean <= 0)
        {
            weights.Fill(1);
            return;
        }

        importance.CopyTo(weights);
        for (int first = 0; first < weights.Length; first += group)
        {
            Span<float> part = weights.Slice(first, group);
            if (Sum(part) <= 0)
            {
                part.Fill(Share * mean);
            }
        }
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }
}
